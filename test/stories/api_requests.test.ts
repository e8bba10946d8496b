import { connect } from "node:net";
import { expect, test } from "vitest";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

function asAdmin(yard: TestYard, more: Record<string, string> = {}): Record<string, string> {
  return { authorization: `Bearer ${yard.token()}`, ...more };
}

/** Sends the text as it is, and resolves with what came back once that satisfies. The connection stays open until then. */
function exchange(yard: TestYard, text: string, isEnough: (answer: string) => boolean): Promise<string> {
  const { hostname, port } = new URL(yard.url());
  const socket = connect(Number(port), hostname);
  let answer = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    answer += chunk;
  });
  socket.write(text);
  return until(() => (isEnough(answer) ? answer : null), "it is answered").finally(() => socket.destroy());
}

test("whatever is wrong with a request, the answer says so in one form", async () => {
  const yard = await aYard();
  const json = { "content-type": "application/json" };
  const cases: [
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string | undefined,
    answer: string,
  ][] = [
    ["POST", "/api/v1/jobs", json, "{bad", "400 bad_request: The request cannot be read: "],
    ["POST", "/api/v1/jobs", json, "", "400 bad_request: The request cannot be read: "],
    ["POST", "/api/v1/jobs", { "content-type": "text/xml" }, "<a/>", "415 not_json: The body is text/xml; "],
    ["POST", "/api/v1/jobs", json, "[]", "400 bad_request: Invalid input: expected object, received array"],
    ["POST", "/api/v1/jobs", json, '{"frob": 1}', '400 bad_request: Unrecognized key: "frob"; work: '],
    ["POST", "/api/v1/cancel", json, '{"select": "1\\u0000"}', "400 bad_request: select: must not contain a NUL byte"],
    [
      "PATCH",
      "/api/v1/jobs/1",
      json,
      '{"priority": "high"}',
      "400 bad_request: priority: Invalid input: expected number",
    ],
    ["PUT", "/api/v1/jobs", {}, undefined, "405 wrong_method: /api/v1/jobs does not take PUT, but POST and GET."],
    [
      "TRACE",
      "/api/v1/jobs/12",
      {},
      undefined,
      "405 wrong_method: /api/v1/jobs/12 does not take TRACE, but GET and PATCH.",
    ],
    ["GET", "/api/v1/nothing", {}, undefined, "404 no_such_route: The yard has nothing at /api/v1/nothing. "],
    ["GET", "/api/v1/jobs/%zz", {}, undefined, "400 bad_request: The request cannot be read: "],
    ["GET", `/api/v1/jobs/${"9".repeat(300)}`, {}, undefined, "400 bad_request: The request cannot be read: "],
    ["GET", "/api/v1/jobs/x", {}, undefined, "400 bad_request: job: expected a whole number"],
    ["GET", "/api/v1/jobs?frob=1", {}, undefined, '400 bad_request: Unrecognized key: "frob"'],
    ["GET", "/api/v1/jobs?limit=", {}, undefined, "400 bad_request: limit: expected a whole number"],
    ["GET", "/api/v1/jobs?limit=1e2", {}, undefined, "400 bad_request: limit: expected a whole number"],
    ["GET", "/api/v1/jobs?limit=1&limit=2", {}, undefined, "400 bad_request: limit: expected a whole number"],
    ["GET", "/api/v1/jobs?limit=1001", {}, undefined, "400 bad_request: limit: "],
    [
      "GET",
      "/api/v1/jobs?status=done",
      {},
      undefined,
      "400 bad_request: status: it takes some of queued,running,succeeded,failed,cancelled, separated by commas",
    ],
    ["GET", "/api/v1/jobs?sort=age", {}, undefined, "400 bad_request: sort: "],
    ["GET", "/api/v1/jobs?after=x", {}, undefined, '400 bad_request: after: "x" is no place in this list. '],
  ];
  for (const [method, path, headers, body, expected] of cases) {
    const answer = await yard.request(method, path, asAdmin(yard, headers), body);
    const { status, code, detail, type, title, exitCode } = JSON.parse(answer.body.toString("utf8"));
    expect(`${status} ${code}: ${detail}`.slice(0, expected.length), path).toBe(expected);
    expect(answer.status).toBe(status);
    expect([type, title, typeof exitCode]).toEqual(["about:blank", code, "number"]);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    if (status === 405) expect(answer.headers["allow"]).toMatch(/^[A-Z]+(, [A-Z]+)*$/);
  }
  const garbage = await exchange(yard, "GIVE ME\r\n\r\n", (answer) => answer.includes("}"));
  expect(garbage).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  expect(garbage).toContain('"code":"bad_request"');
});

test("of a body that nobody may send nothing is waited for", async () => {
  const yard = await aYard();
  const head = (path: string) =>
    `POST ${path} HTTP/1.1\r\nhost: yard\r\ncontent-type: application/json\r\ncontent-length: 200000000\r\n\r\n[`;
  for (const [path, status] of [
    ["/api/v1/jobs", 401],
    ["/nowhere", 404],
    ["/healthz", 405],
  ] as const) {
    const answer = await exchange(yard, head(path), (text) => text.includes("}"));
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  }
});

test("an answer is kept by nobody on its way, and taken for nothing else than it is", async () => {
  const yard = await aYard();
  for (const path of ["/healthz", "/api/v1/tokens", "/api/v1/jobs/9", "/nowhere"]) {
    const { headers } = await yard.request("GET", path, asAdmin(yard));
    expect([headers["cache-control"], headers["x-content-type-options"]]).toEqual(["no-store", "nosniff"]);
  }
  expect((await yard.request("GET", "/api/v1/jobs")).headers["www-authenticate"]).toBe("Bearer");
});

test("a token cannot be made to last longer than anybody can say", async () => {
  const yard = await aYard();
  const expiresInMs = Number.MAX_SAFE_INTEGER;
  await expect(
    yard.client.call("createToken", { body: { user: "ada", role: "user", expiresInMs } }),
  ).rejects.toMatchObject({ problem: { status: 400 } });
  expect((await yard.client.call("listTokens")).tokens).toHaveLength(2);
});

test("a variable that would become another one, and a snapshot that is not there, are refused at submission", async () => {
  const yard = await aYard();
  await expect(yard.submit("true", { environment: { "A=B": "x" } })).rejects.toThrow(
    /cannot be the name of a variable/,
  );
  await expect(yard.submit("true", { snapshot: "../../etc" })).rejects.toMatchObject({
    problem: { status: 422, code: "no_such_snapshot", exitCode: 2 },
  });
  await yard.submit("true");
  await yard.ends(1);
  const snapshot = "0".repeat(64);
  await expect(yard.client.call("retry", { body: { select: "1", snapshot } })).rejects.toThrow(/no snapshot 0{64}/);
  expect((await yard.client.call("listJobs")).jobs).toHaveLength(1);
});
