import { mkdirSync, symlinkSync } from "node:fs";
import fc from "fast-check";
import { unpackTar } from "modern-tar";
import { expect, test } from "vitest";
import { byteRange } from "../../src/server/byte_range.ts";
import { aYard, type TestYard } from "../helpers/a_yard.ts";
import { until } from "../helpers/until.ts";

const params = { job: 1, n: 1 };

async function list(yard: TestYard, path: string, more: { limit?: number; after?: string } = {}) {
  return yard.client.call("listFiles", { params, query: { path, ...more } });
}

async function fetchFile(yard: TestYard, path: string, headers: Record<string, string> = {}, door = "file") {
  const query = new URLSearchParams({ path });
  const answer = await fetch(`${yard.url()}/api/v1/jobs/1/runs/1/${door}?${query}`, {
    headers: { authorization: `Bearer ${yard.token()}`, ...headers },
  });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

/** A run that has ended, and worked in an empty folder of its own. */
async function aRunThat(text: string): Promise<TestYard> {
  const yard = await aYard();
  await yard.client.call("submit", { body: { work: { kind: "command", command: { kind: "shell", text } } } });
  await yard.reaches(1, "succeeded");
  return yard;
}

const SCRIPT = "<script>fetch('/api/v1/tokens')</script>";

test("what a run has made is listed, folders first, and read as it was written", async () => {
  const yard = await aRunThat(
    `mkdir -p plots/old && echo '{"loss": 0.5}' >log.json && printf '\\211PNG' >plots/loss.png && echo "${SCRIPT}" >report.html && : >empty`,
  );
  const { entries, elsewhere } = await list(yard, "");
  expect(entries).toMatchObject([{ name: "results", kind: "folder", at: expect.stringContaining("/results/1.1.1-") }]);
  expect(elsewhere).toEqual([]);
  const results = await list(yard, "results");
  expect(results.entries.map(({ name, kind, sizeBytes }) => [kind, name, sizeBytes])).toEqual([
    ["folder", "plots", null],
    ["file", "empty", 0],
    ["file", "log.json", 14],
    ["file", "report.html", SCRIPT.length + 1],
  ]);
  expect((await fetchFile(yard, "results/log.json")).body.toString()).toBe('{"loss": 0.5}\n');
  expect((await fetchFile(yard, "results/plots/loss.png")).body).toEqual(Buffer.from("\x89PNG", "latin1"));
  expect((await fetchFile(yard, "results/empty")).body.length).toBe(0);
});

test("whatever a file is, it comes as a download that no page may show or execute", async () => {
  const yard = await aRunThat(`echo "${SCRIPT}" >report.html; echo "${SCRIPT}" >'a";b.svg'; echo 1 >'größe — 1.txt'`);
  for (const name of ["report.html", 'a";b.svg', "größe — 1.txt"]) {
    const { status, headers } = await fetchFile(yard, `results/${name}`);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/octet-stream");
    expect(headers.get("content-security-policy")).toBe("sandbox; default-src 'none'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    const [, plain, encoded = ""] =
      /^attachment; filename="([^"]*)"; filename\*=UTF-8''([\w.!#$&+^`|~%-]+)$/.exec(
        headers.get("content-disposition") ?? "",
      ) ?? [];
    expect(plain).toMatch(/^[\w.-]+$/);
    expect(decodeURIComponent(encoded)).toBe(name);
  }
});

test("a large file is read stretch by stretch", async () => {
  const yard = await aRunThat("seq 1 100000 >large.txt");
  const whole = (await fetchFile(yard, "results/large.txt")).body;
  const part = await fetchFile(yard, "results/large.txt", { range: "bytes=1000-1999" });
  expect(part.status).toBe(206);
  expect(part.headers.get("content-range")).toBe(`bytes 1000-1999/${whole.length}`);
  expect(part.body).toEqual(whole.subarray(1000, 2000));
  const etag = part.headers.get("etag") ?? "";
  expect((await fetchFile(yard, "results/large.txt", { range: "bytes=-10", "if-range": etag })).body).toEqual(
    whole.subarray(-10),
  );
  expect((await fetchFile(yard, "results/large.txt", { range: "bytes=5-9", "if-range": '"other"' })).status).toBe(200);
  const beyond = await fetchFile(yard, "results/large.txt", { range: `bytes=${whole.length}-` });
  expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, `bytes */${whole.length}`]);
});

test("a range is a stretch of the file, all of it, or none", () => {
  fc.assert(
    fc.property(fc.nat(50), fc.option(fc.nat(60)), fc.option(fc.nat(60)), (size, first, last) => {
      const range = byteRange(`bytes=${first ?? ""}-${last ?? ""}`, size);
      if (range === null || range === "unsatisfiable") return;
      expect(range.from).toBeGreaterThanOrEqual(0);
      expect(range.to).toBeLessThanOrEqual(size);
      expect(range.to).toBeGreaterThan(range.from);
      if (first !== null) expect(range.from).toBe(first);
      else expect(range.to - range.from).toBe(Math.min(size, last ?? 0));
    }),
  );
  for (const odd of [undefined, "bytes=", "bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=5-2", "bytes=a-b"])
    expect(byteRange(odd, 10)).toBe(null);
});

test("neither a link nor a pipe is followed, on whatever way it is asked for", async () => {
  const yard = await aRunThat("mkdir -p deep/inner && echo fine >deep/inner/file");
  const { entries } = await list(yard, "");
  const results = entries[0]?.at ?? "";
  const secret = `${yard.home}/token`;
  symlinkSync(secret, `${results}/token`);
  symlinkSync(yard.home, `${results}/home`);
  symlinkSync("..", `${results}/up`);
  symlinkSync("inner", `${results}/deep/same`);
  mkdirSync(`${results}/folder`);
  const listed = await list(yard, "results");
  expect(listed.entries.map(({ name, kind, target }) => [name, kind, target])).toEqual([
    ["deep", "folder", null],
    ["folder", "folder", null],
    ["home", "link", yard.home],
    ["token", "link", secret],
    ["up", "link", ".."],
  ]);
  const paths = [
    ...[
      "token",
      "home/token",
      "up/x",
      "deep/same/file",
      "deep/../../x",
      "..",
      ".",
      "",
      "deep//inner/file",
      "folder",
      "deep",
    ],
    ...["/etc/passwd", "%2e%2e/x", "folder/\n", "file\u0001", "deep/inner/file/x"],
  ];
  for (const path of paths) {
    const { status, body } = await fetchFile(yard, `results/${path}`);
    expect([path, status, JSON.parse(body.toString()).code]).toEqual([path, 404, "no_such_file"]);
  }
  for (const path of ["home", "up", "deep/same", "token", "..", "deep/inner/file"]) {
    const answer = await yard.request("GET", `/api/v1/jobs/1/runs/1/files?path=results/${path}`, {
      authorization: `Bearer ${yard.token()}`,
    });
    expect([path, answer.status]).toEqual([path, 404]);
  }
  for (const path of ["/etc/passwd", "elsewhere/x", "results/\u0000"]) {
    expect((await fetchFile(yard, path)).status).toBeGreaterThanOrEqual(400);
  }
  expect((await fetchFile(yard, "results/deep/inner/file")).body.toString()).toBe("fine\n");
});

test("a pipe, and a file whose name is no text, are shown and not read; nobody waits for them", async () => {
  const yard = await aYard();
  const text = "mkfifo pipe; printf x >$(printf 'caf\\351'); : >$(printf 'line\\nbreak'); touch begun; sleep 600";
  await yard.client.call("submit", { body: { work: { kind: "command", command: { kind: "shell", text } } } });
  await yard.reaches(1, "running");
  const isBegun = async () => (await list(yard, "work")).entries.some(({ name }) => name === "begun");
  await until(isBegun, "the run has made its files");
  const { entries } = await list(yard, "work");
  expect(entries.map(({ name, kind }) => [name, kind]).sort()).toEqual([
    ["begun", "file"],
    ["caf\uFFFD", "other"],
    ["line\nbreak", "file"],
    ["pipe", "other"],
  ]);
  const { status, body } = await fetchFile(yard, "work/pipe");
  expect([status, JSON.parse(body.toString()).detail]).toEqual([404, "work/pipe cannot be read: it is no plain file."]);
  expect((await fetchFile(yard, "work/line\nbreak")).status).toBe(200);
});

test("a folder with very many entries comes in pages, each once and in order", async () => {
  const yard = await aRunThat("mkdir many && cd many && seq -f %06g 1 5000 | xargs touch && mkdir zz");
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof list>> = await list(yard, "results/many", {
      limit: 1000,
      ...(after !== null && { after }),
    });
    expect(page.entries.length).toBeLessThanOrEqual(1000);
    seen.push(...page.entries.map(({ name }) => name));
    after = page.next;
  } while (after !== null);
  const names = Array.from({ length: 5000 }, (_, i) => String(i + 1).padStart(6, "0"));
  // An empty folder is no result.
  expect(seen).toEqual(names);
});

test("a folder comes as one archive, without links and pipes", async () => {
  const yard = await aRunThat("mkdir -p a/b && seq 1 50000 >a/b/large && echo x >a/small");
  const [{ at = "" } = {}] = (await list(yard, "")).entries;
  symlinkSync("/etc/passwd", `${at}/a/link`);
  const { status, headers, body } = await fetchFile(yard, "results/a", {}, "archive");
  expect(status).toBe(200);
  expect(headers.get("content-disposition")).toContain('filename="1.1-a.tar"');
  const unpacked = await unpackTar(body);
  expect(unpacked.map(({ header }) => header.name).sort()).toEqual(["a/b/large", "a/small"]);
  const large = unpacked.find(({ header }) => header.name === "a/b/large");
  expect(Buffer.from(large?.data ?? []).toString()).toBe(
    Array.from({ length: 50_000 }, (_, i) => `${i + 1}\n`).join(""),
  );
});

test("files are their owner's and administrators'", async () => {
  const yard = await aRunThat("echo mine >file");
  const { secret } = await yard.client.call("createToken", { body: { user: "stranger", role: "user" } });
  for (const door of ["files", "file", "archive"]) {
    const answer = await yard.request("GET", `/api/v1/jobs/1/runs/1/${door}?path=results/file`, {
      authorization: `Bearer ${secret}`,
    });
    expect([door, answer.status]).toEqual([door, 403]);
  }
});

test("a run that worked in its user's folder says where its files are, and shows its output file", async () => {
  const yard = await aYard();
  await yard.submit("echo hello; echo 1 >model.bin", { out: `${yard.folder}/run.log` });
  await yard.ends(1);
  const { entries, elsewhere } = await list(yard, "");
  expect(entries).toMatchObject([{ name: "out", kind: "file", sizeBytes: 6, at: `${yard.folder}/run.log` }]);
  expect(elsewhere).toEqual([
    `It worked in ${yard.folder} on local: what it wrote there is there, and is not shown here.`,
  ]);
  expect((await fetchFile(yard, "out")).body.toString()).toBe("hello\n");
  for (const path of ["out/x", "out/..", "model.bin"]) expect((await fetchFile(yard, path)).status).toBe(404);
});

test("what a run keeps for its next attempt is there while it goes on and after", async () => {
  const yard = await aYard();
  const text = 'echo 7 >"$RUNYARD_CHECKPOINTS/step"; echo ready; sleep 600';
  await yard.client.call("submit", { body: { work: { kind: "command", command: { kind: "shell", text } } } });
  await yard.reaches(1, "running");
  await until(async () => (await yard.output(1)) === "ready\n", "it has kept something");
  expect((await fetchFile(yard, "checkpoints/step")).body.toString()).toBe("7\n");
  await yard.client.call("cancel", { body: { select: "1" } });
  await yard.ends(1);
  expect((await list(yard, "")).entries.map(({ name }) => name)).toContain("checkpoints");
  expect((await fetchFile(yard, "checkpoints/step")).body.toString()).toBe("7\n");
});

test("before a run has begun there is nothing to see, and that is said", async () => {
  const yard = await aYard();
  await yard.submit("true", { paused: true });
  expect(await list(yard, "")).toEqual({ path: "", entries: [], next: null, elsewhere: ["It has not begun yet."] });
  expect((await fetchFile(yard, "results/x")).status).toBe(404);
});
