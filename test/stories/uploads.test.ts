import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { expect, test } from "vitest";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { aZip, LINK } from "../helpers/a_zip.ts";
import { until } from "../helpers/until.ts";

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what is expected of it stands in each test
  body: any;
}

async function upload(
  yard: TestYard,
  zip: Uint8Array,
  type = "application/zip",
  token = yard.token(),
): Promise<Answer> {
  const answer = await fetch(`${yard.url()}/api/v1/snapshots`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": type },
    body: new Uint8Array(zip),
  });
  return { status: answer.status, body: await answer.json() };
}

/** What uploads have left on the yard's disk. */
function leftovers(yard: TestYard): string[] {
  const folder = `${yard.home}/files/uploads`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

const project = aZip([
  { name: "project/train.py", content: "import helper\nprint(helper.word)\nopen('made.txt', 'w').write('1')\n" },
  { name: "project/helper.py", content: "word = 'from the zip'\n" },
  { name: "project/.env", content: "KEY=secret" },
  { name: "project/.git/config", content: "[core]\n\tfsmonitor = touch /tmp/never\n" },
  { name: "project/away", content: "/etc", mode: LINK },
]);

test("a job works in an uploaded project, and what it made is there to look at", async () => {
  const yard = await aYard();
  const { status, body } = await upload(yard, project);
  expect(status).toBe(200);
  expect(body).toMatchObject({ files: 2, top: "project", text: "2 files, 88 B; left out: .env 10 B, away" });
  expect(body.leftOut.map(({ path }: { path: string }) => path).sort()).toEqual([".env", "away"]);
  const { job } = await yard.client.call("submit", {
    body: {
      work: { kind: "command", command: { kind: "shell", text: "python3 train.py; ls -A" } },
      snapshot: body.snapshot,
    },
  });
  await yard.ends(job.id);
  // Neither what was left out nor a way to what lies around the yard.
  expect(await yard.output(job.id)).toBe("from the zip\n__pycache__\nhelper.py\nmade.txt\ntrain.py\n");
  const { entries } = await yard.client.call("listFiles", {
    params: { job: job.id, n: 1 },
    query: { path: "results" },
  });
  expect(entries.map(({ name }) => name)).toEqual(["made.txt"]);
  expect(leftovers(yard)).toEqual([]);
});

test("the same project twice is one snapshot", async () => {
  const yard = await aYard();
  const [one, two] = [await upload(yard, project), await upload(yard, project)];
  expect(one.body.snapshot).toBe(two.body.snapshot);
  const { entries } = await yard.client.call("audit", { query: { action: "upload" } });
  expect(entries.map(({ target }) => target)).toEqual([0, 1].map(() => `snapshot ${one.body.snapshot.slice(0, 12)}`));
});

test("a zip that is not to be trusted is refused, and leaves nothing behind", async () => {
  const yard = await aYard();
  const hostile = await upload(
    yard,
    aZip([
      { name: "a", content: "x" },
      { name: "../b", content: "x" },
    ]),
  );
  expect(hostile).toMatchObject({ status: 422, body: { code: "bad_zip", detail: expect.stringContaining('"../b"') } });
  const other = await upload(yard, Buffer.from("{}"), "application/json");
  expect(other).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining("content-type: application/zip") },
  });
  expect((await upload(yard, project, "application/zip", "ry_wrong")).status).toBe(401);
  expect(leftovers(yard)).toEqual([]);
  expect(existsSync(`${yard.home}/files/snapshots/manifests`)).toBe(false);
});

test("no other door takes a zip", async () => {
  const yard = await aYard();
  const answer = await fetch(`${yard.url()}/api/v1/jobs`, {
    method: "POST",
    headers: { authorization: `Bearer ${yard.token()}`, "content-type": "application/zip" },
    body: "PK",
  });
  expect(answer.status).toBe(415);
});

test("one who announces too much is refused at once; of one who goes away in between nothing stays", async () => {
  const yard = await aYard();
  const begin = (headers: Record<string, string>) =>
    request(`${yard.url()}/api/v1/snapshots`, {
      method: "POST",
      headers: { authorization: `Bearer ${yard.token()}`, "content-type": "application/zip", ...headers },
    }).on("error", () => undefined);
  const announced = begin({ "content-length": String(2 * 1024 ** 3) });
  const status = new Promise((resolve) => announced.once("response", (answer) => resolve(answer.statusCode)));
  announced.write("PK");
  expect(await status).toBe(413);
  announced.destroy();
  const broken = begin({ "content-length": "100000" });
  broken.write(project.subarray(0, 100));
  await until(() => leftovers(yard).length === 1, "the upload has begun");
  broken.destroy();
  await until(() => leftovers(yard).length === 0, "nothing of it is left");
  expect((await upload(yard, project)).status).toBe(200);
});
