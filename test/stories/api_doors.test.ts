import { describe, expect, test } from "vitest";
import { type DoorName, doors } from "../../src/api/paths.ts";
import { isRefusedCall } from "../../src/client/client.ts";
import { httpStream } from "../../src/platform/http.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { lookThrough, nothingThere, pathThrough } from "../helpers/any_door.ts";
import { until } from "../helpers/until.ts";

type Role = "user" | "admin" | "agent";

/** The closed list of doors that need no token. A longer one is a decision about security, not a fix for this test. */
const OPEN_DOORS: DoorName[] = ["health", "openSession"];

/** Who may not enter, by the role a door asks for. */
const SHUT_OUT: Record<Role, Role[]> = { user: ["agent"], admin: ["user", "agent"], agent: ["user", "admin"] };

const closed = (Object.keys(doors) as DoorName[]).flatMap((name) => {
  const { method, role } = doors[name];
  return role === "open" ? [] : [{ name, method, role, path: pathThrough(name) }];
});

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

async function aToken(yard: TestYard, role: Role, user = "someone", expiresInMs: number | null = null) {
  const { secret, token } = await yard.client.call("createToken", { body: { user, role, expiresInMs } });
  return { secret, id: token.id };
}

/** `status code` of what is answered, e.g. `401 unauthorized`; the code is missing where no problem was answered. */
async function answerTo(
  yard: TestYard,
  method: string,
  path: string,
  headers: Record<string, string>,
): Promise<string> {
  const answer = await yard.request(method, path, headers, method === "GET" || method === "HEAD" ? undefined : "{}");
  const text = answer.body.toString("utf8");
  const isProblem = String(answer.headers["content-type"]).startsWith("application/problem+json");
  return isProblem && text !== "" ? `${answer.status} ${JSON.parse(text).code}` : `${answer.status}`;
}

async function answersTo(yard: TestYard, headers: Record<string, string>): Promise<Record<string, string>> {
  const answers = closed.map(async ({ name, method, path }) => [name, await answerTo(yard, method, path, headers)]);
  return Object.fromEntries(await Promise.all(answers));
}

function eachDoorAnswers(answer: string): Record<string, string> {
  return Object.fromEntries(closed.map(({ name }) => [name, answer]));
}

test("the doors without a key are exactly those of the closed list", async () => {
  const open = (Object.keys(doors) as DoorName[]).filter((name) => doors[name].role === "open");
  expect(open).toEqual(OPEN_DOORS);
  const yard = await aYard();
  expect(await answerTo(yard, "GET", doors.health.path, {})).toBe("200");
  // It opens to a code that was given out, and to no other.
  const { code } = await yard.client.call("createLogin", { body: {} });
  const enter = async (body: object) => {
    const headers = { "content-type": "application/json", origin: yard.url() };
    return (await yard.request("POST", doors.openSession.path, headers, JSON.stringify(body))).status;
  };
  expect([await enter({ code: "x" }), await enter({ code }), await enter({ code })]).toEqual([401, 200, 401]);
});

test("no other door opens without a token, with one that is wrong, revoked or expired", async () => {
  const yard = await aYard();
  const revoked = await aToken(yard, "admin");
  expect(await answerTo(yard, "GET", "/api/v1/tokens", bearer(revoked.secret))).toBe("200");
  await yard.client.call("revokeToken", { params: { token: revoked.id } });
  const expired = await aToken(yard, "admin", "someone", 1);
  const refused = eachDoorAnswers("401 unauthorized");
  expect(await answersTo(yard, {})).toEqual(refused);
  expect(await answersTo(yard, bearer("ry_wrong"))).toEqual(refused);
  expect(await answersTo(yard, bearer(`${yard.token()}x`))).toEqual(refused);
  expect(await answersTo(yard, { authorization: yard.token() })).toEqual(refused);
  expect(await answersTo(yard, { cookie: `token=${yard.token()}` })).toEqual(refused);
  expect(await answersTo(yard, bearer(revoked.secret))).toEqual(refused);
  expect(await answersTo(yard, bearer(expired.secret))).toEqual(refused);
  for (const { method, path } of closed) {
    expect(await answerTo(yard, method, `${path}?token=${yard.token()}`, {})).toBe("401 unauthorized");
  }
  expect(await answerTo(yard, "HEAD", "/api/v1/jobs", {})).toBe("401");
});

test.each(["user", "admin", "agent"] as const)("a door for the role %s is shut for those without it", async (role) => {
  const yard = await aYard();
  for (const other of SHUT_OUT[role]) {
    const { secret } = await aToken(yard, other);
    for (const { name, method, path } of closed.filter((door) => door.role === role)) {
      expect(`${name}: ${await answerTo(yard, method, path, bearer(secret))}`).toBe(`${name}: 403 forbidden`);
    }
  }
});

test("a token of the right role opens every door that only looks", async () => {
  const yard = await aYard();
  await yard.submit("true");
  await yard.ends(1);
  for (const role of ["user", "admin"] as const) {
    const { secret } = await aToken(yard, role, (await yard.job(1)).user);
    for (const { name, method } of closed) {
      if (method !== "GET" || doors[name].role !== role || name === "events") continue;
      const answer = await answerTo(yard, method, lookThrough(name), bearer(secret));
      expect(`${name}: ${answer}`).toBe(`${name}: ${nothingThere[name] ?? "200"}`);
    }
  }
});

test("what is not in the table is not there", async () => {
  const yard = await aYard();
  const paths = ["/", "/api", "/api/v2/jobs", "/docs", "/documentation/json", "/.env", "/healthz/../metrics"];
  for (const path of paths) expect((await yard.request("GET", path)).status, path).toBeGreaterThanOrEqual(400);
  const crossSite = { origin: "http://evil.example", "access-control-request-method": "POST" };
  const answer = await yard.request("OPTIONS", "/api/v1/jobs", crossSite);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
});

test("a live stream ends when its token is revoked", async () => {
  const yard = await aYard();
  const { secret, id } = await aToken(yard, "user");
  const stream = await httpStream({ method: "GET", url: `${yard.url()}/api/v1/events`, headers: bearer(secret) });
  let text = "";
  let isOver = false;
  stream.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  stream.once("close", () => {
    isOver = true;
  });
  await until(() => text.includes("event: hello"), "the stream has begun");
  await yard.client.call("revokeToken", { params: { token: id } });
  await until(() => isOver, "the stream is over", 5000);
});

test("an agent that waits for work gets none once its token is revoked", async () => {
  const yard = await aYard();
  await yard.client.call("pause", { body: { select: "all" } });
  const { secret, id } = await aToken(yard, "agent");
  const agent = yard.clientWith(secret);
  const params = { machine: "local" };
  const hardware = { cpus: 1, memoryBytes: 0, gpus: [], problems: [] };
  const hello = {
    agent: "impostor",
    machine: "local",
    hardware,
    bootId: "b",
    host: "h",
    address: "10.0.0.1",
    spool: yard.folder,
  };
  const { epoch } = await agent.call("hello", { params, body: hello });
  const poll = agent.call("poll", { params, body: { agent: "impostor", epoch, waitMs: 60_000 } });
  await yard.client.call("revokeToken", { params: { token: id } });
  await yard.submit("true");
  await yard.client.call("resume", { body: { select: "all" } });
  await expect(poll).rejects.toMatchObject({ problem: { status: 401 } });
  await yard.reaches(1, "succeeded");
});

describe("what is somebody's", () => {
  test("a pool that is not shared runs its owner's work only", async () => {
    const yard = await aYard();
    const alice = yard.clientWith((await aToken(yard, "user", "alice")).secret);
    const work = { kind: "command", command: { kind: "shell", text: "true" } } as const;
    const submission = { body: { work, cwd: yard.folder, environment: {} } };
    await expect(alice.call("submit", submission)).rejects.toThrow(/^Pool local runs only .+'s work/);
    expect((await yard.client.call("listJobs")).jobs).toEqual([]);
    await shareWithEveryone(yard);
    await alice.call("submit", submission);
    await yard.reaches(1, "succeeded");
  });

  test("everyone sees the queue; output and steering belong to the owner and administrators", async () => {
    const yard = await aYard();
    const alice = yard.clientWith((await aToken(yard, "user", "alice")).secret);
    const bob = yard.clientWith((await aToken(yard, "user", "bob")).secret);
    const work = { kind: "command", command: { kind: "shell", text: "echo secret; sleep 60" } } as const;
    await shareWithEveryone(yard);
    await alice.call("submit", { body: { work, cwd: yard.folder, environment: {} } });
    await yard.reaches(1, "running");
    expect((await bob.call("showJob", { params: { job: 1 } })).job.user).toBe("alice");
    expect((await bob.call("listJobs")).jobs).toHaveLength(1);

    const select = { body: { select: "1" } };
    const axes = [{ name: "x", values: { kind: "list" as const, values: [{ text: "1", json: "1" }] } }];
    const attempts = {
      output: () => bob.call("output", { params: { job: 1, n: 1 } }),
      runMetrics: () => bob.call("runMetrics", { params: { job: 1, n: 1 } }),
      cancel: () => bob.call("cancel", select),
      cancelAll: () => bob.call("cancel", { body: { select: "all" } }),
      retry: () => bob.call("retry", select),
      pause: () => bob.call("pause", select),
      pauseAll: () => bob.call("pause", { body: { select: "all" } }),
      resume: () => bob.call("resume", select),
      setJob: () => bob.call("setJob", { params: { job: 1 }, body: { priority: 1 } }),
      extend: () => bob.call("extend", { params: { job: 1 }, body: { axes } }),
    };
    const codes = Object.entries(attempts).map(async ([name, attempt]) => {
      const code = await attempt().then(
        () => "done",
        (error: unknown) => (isRefusedCall(error) ? error.problem.code : String(error)),
      );
      return `${name}: ${code}`;
    });
    expect(await Promise.all(codes)).toEqual(Object.keys(attempts).map((name) => `${name}: forbidden`));
    expect((await yard.run(1)).status).toBe("running");

    expect((await alice.call("cancel", { body: { select: "1", graceMs: 0 } })).stopping).toBe(1);
    await yard.reaches(1, "cancelled");
  });

  test("every change is in the audit log with who made it", async () => {
    const yard = await aYard();
    const { secret, id } = await aToken(yard, "user", "alice");
    const alice = yard.clientWith(secret);
    const work = { kind: "command", command: { kind: "shell", text: "exit 1" } } as const;
    await shareWithEveryone(yard);
    await alice.call("submit", { body: { work, cwd: yard.folder, environment: { TOKEN: "canary" }, paused: true } });
    await alice.call("setJob", { params: { job: 1 }, body: { priority: 50 } });
    await alice.call("resume", { body: { select: "1" } });
    await yard.ends(1);
    await alice.call("retry", { body: { select: "1" } });
    await alice.call("cancel", { body: { select: "last" } });
    await yard.client.call("setMachine", { params: { machine: "local" }, body: { drained: true } });
    await yard.client.call("setMachine", { params: { machine: "local" }, body: { drained: false } });
    await yard.client.call("revokeToken", { params: { token: id } });
    const { entries } = await yard.client.call("audit", { query: { sort: "id" } });
    expect(entries.map(({ user, action, target }) => [user, action, target].join(" "))).toEqual([
      expect.stringMatching(/ create token /),
      expect.stringMatching(/ create token /),
      `${(await yard.client.call("listTokens")).tokens[0]?.user} create token ${id}`,
      expect.stringMatching(/ set pool local$/),
      "alice submit 1",
      "alice set 1",
      "alice resume 1",
      "alice retry 1",
      "alice cancel 1",
      expect.stringMatching(/ set machine local$/),
      expect.stringMatching(/ set machine local$/),
      expect.stringMatching(new RegExp(` revoke token ${id}$`)),
    ]);
    expect(JSON.stringify(entries)).not.toContain("canary");
  });
});

test("what was tried and refused is in the audit log, too", async () => {
  const yard = await aYard();
  const alice = yard.clientWith((await aToken(yard, "user", "alice")).secret);
  await yard.submit("true");
  const work = { kind: "command", command: { kind: "shell", text: "true" } } as const;
  const attempts = [
    alice.call("submit", { body: { work, cwd: yard.folder, environment: {} } }),
    alice.call("cancel", { body: { select: "1" } }),
    alice.call("setJob", { params: { job: 1 }, body: { priority: 50 } }),
    alice.call("setMachine", { params: { machine: "local" }, body: { drained: true } }),
    alice.call("createToken", { body: { user: "alice", role: "admin" } }),
  ];
  for (const { status } of await Promise.allSettled(attempts)) expect(status).toBe("rejected");
  const { entries } = await yard.client.call("audit", { query: { user: "alice" } });
  const told = entries.map(({ action, target, detail }) => `${action} ${target}: ${detail["refused"]}`);
  expect(told.sort()).toEqual([
    "cancel 1: forbidden",
    "create token: forbidden",
    "set 1: forbidden",
    "set machine local: forbidden",
    "submit : not_shared",
  ]);
});

async function shareWithEveryone(yard: TestYard): Promise<void> {
  await yard.client.call("setPool", { params: { pool: "local" }, body: { shared: true } });
}
