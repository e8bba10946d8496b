import { spawn } from "node:child_process";
import { chmod, chown, readdir, rm, stat, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { aFolder, fill } from "../../test/helpers/a_folder.ts";
import { type Files, openFiles } from "./open_files.ts";
import type { OutputPlace } from "./output_place.ts";
import { describeFileProblem, type FileResult } from "./problem.ts";

function given<Value>(result: FileResult<Value>): Value {
  if (!result.ok) throw new Error(describeFileProblem(result.problem));
  return result.value;
}

async function someFiles(): Promise<{ root: string; files: Files }> {
  const root = join(await aFolder(), "files");
  const files = given(await openFiles(root));
  onTestFinished(() => files.close());
  return { root, files };
}

const text = async (files: Files, place: OutputPlace, from = 0, to?: number) =>
  given(await files.outputs.read(place, from, to)).toString();

test("an environment is found again under its id, which says nothing about its values", async () => {
  const { root, files } = await someFiles();
  const variables = { PATH: "/bin", TOKEN: "s3cret \n'\"", EMPTY: "", __proto__x: "1" };
  const id = given(await files.environments.put(variables));
  expect(given(await files.environments.get(id))).toEqual(variables);
  expect((await stat(join(root, "environments", id))).mode & 0o777).toBe(0o600);
  expect((await stat(join(root, "environments", "secret"))).mode & 0o777).toBe(0o600);
  for (const folder of ["environments", "packs", "output", "snapshots"]) {
    expect((await stat(join(root, folder))).mode & 0o777).toBe(0o700);
  }
  const other = await someFiles();
  expect(given(await other.files.environments.put(variables))).not.toBe(id);
});

test("the same environment is kept once, in whatever order it comes, by whichever process", async () => {
  const { root, files } = await someFiles();
  const again = given(await openFiles(root));
  onTestFinished(() => again.close());
  const ids = await Promise.all([
    files.environments.put({ A: "1", B: "2" }),
    files.environments.put({ B: "2", A: "1" }),
    again.environments.put({ A: "1", B: "2" }),
  ]);
  expect(new Set(ids.map(given)).size).toBe(1);
  expect(await readdir(join(root, "environments"))).toHaveLength(2);
});

test("of many processes that open one empty folder at once, all use one secret", async () => {
  const root = join(await aFolder(), "files");
  const opened = (await Promise.all(Array.from({ length: 8 }, () => openFiles(root)))).map(given);
  const ids = await Promise.all(opened.map((files) => files.environments.put({ A: "1" })));
  expect(new Set(ids.map(given)).size).toBe(1);
  expect(await readdir(join(root, "environments"))).toHaveLength(2);
  await Promise.all(opened.map((files) => files.close()));
});

test("a changed environment, an unknown id and a path for an id are refused", async () => {
  const { root, files } = await someFiles();
  const id = given(await files.environments.put({ A: "1" }));
  await writeFile(join(root, "environments", id), '{"A":"2"}');
  expect(await files.environments.get(id)).toMatchObject({ ok: false, problem: { code: "damaged" } });
  expect(await files.environments.get("0".repeat(64))).toMatchObject({ ok: false, problem: { code: "missing" } });
  expect(await files.environments.get("../secret")).toMatchObject({ ok: false, problem: { code: "bad_name" } });
});

test("a folder that is a link, or another user's, is refused with its path", async () => {
  const home = await aFolder({ elsewhere: "folder/", files: "folder/" });
  await symlink(join(home, "elsewhere"), join(home, "files/environments"));
  const refused = await openFiles(join(home, "files"));
  expect(refused).toEqual({
    ok: false,
    problem: { code: "not_ours", path: join(home, "files/environments"), objection: "a link" },
  });
  if (process.geteuid?.() !== 0) return;
  await fill(home, { theirs: "folder/" });
  await chown(join(home, "theirs"), 65534, 65534);
  expect(await openFiles(join(home, "theirs"))).toMatchObject({ ok: false, problem: { objection: "another user's" } });
});

test("a folder of ours that others may enter is closed to them", async () => {
  const home = await aFolder({ "files/environments": "folder/" });
  await chmod(join(home, "files/environments"), 0o755);
  given(await openFiles(join(home, "files")));
  expect((await stat(join(home, "files/environments"))).mode & 0o777).toBe(0o700);
});

test("what many append at once, to one job and to others, is all found where it was said to lie", async () => {
  const { files } = await someFiles();
  const expected = new Map<OutputPlace, string>();
  const appends = Array.from({ length: 400 }, async (_, n) => {
    const job = n % 7 === 0 ? 5000 + n : 12;
    const chunks = [`out ${n}\n`, "", `err ${n} ${"é".repeat(n)}\n`];
    const slices = given(
      await files.append(
        job,
        chunks.map((chunk) => Buffer.from(chunk)),
      ),
    );
    for (const [index, slice] of slices.entries()) expected.set({ kind: "pack", job, ...slice }, chunks[index] ?? "");
  });
  await Promise.all(appends);
  expect(expected.size).toBe(1200);
  for (const [place, chunk] of expected) expect(await text(files, place)).toBe(chunk);
});

test("two yards that append to one pack write beside each other, never over each other", async () => {
  const { root, files } = await someFiles();
  const other = given(await openFiles(root));
  onTestFinished(() => other.close());
  const all = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const chunk = `${n} `.repeat(1 + (n % 50));
      const result = await (n % 2 ? files : other).append(3, [Buffer.from(chunk)]);
      return { chunk, result };
    }),
  );
  for (const { chunk, result } of all) {
    for (const slice of given(result)) expect(await text(files, { kind: "pack", job: 3, ...slice })).toBe(chunk);
  }
});

test("more packs than may stay open are written all the same", async () => {
  const { files } = await someFiles();
  const openBefore = (await readdir("/proc/self/fd")).length;
  for (const round of ["a", "b"]) {
    await Promise.all(Array.from({ length: 300 }, (_, job) => files.append(job, [Buffer.from(round)]).then(given)));
  }
  expect((await readdir("/proc/self/fd")).length - openBefore).toBeLessThan(100);
  expect(await text(files, { kind: "pack", job: 299, offset: 0, length: 2 })).toBe("ab");
});

test("a writer killed in the middle of appending loses nothing that was acknowledged", async () => {
  const { root, files } = await someFiles();
  const script = fileURLToPath(new URL("../../test/helpers/append_for_ever.ts", import.meta.url));
  const child = spawn(process.execPath, [script, root], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.setEncoding("utf8");
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.split("\n").length > 40) child.kill("SIGKILL");
  }
  const acknowledged = said
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { n: number; offset: number; length: number });
  expect(acknowledged.length).toBeGreaterThanOrEqual(40);
  for (const { n, offset, length } of acknowledged) {
    expect(await text(files, { kind: "pack", job: 1, offset, length })).toBe(`${n} `.repeat(length / `${n} `.length));
  }
  const [after] = given(await files.append(1, [Buffer.from("after")]));
  expect(after && (await text(files, { kind: "pack", job: 1, ...after }))).toBe("after");
});

test("a full disk fails what did not fit, and only that", async () => {
  const { root, files } = await someFiles();
  given(await files.append(1, [Buffer.from("first")]));
  await symlink("/dev/full", join(root, "packs/0/2.pack"));
  expect(await files.append(2, [Buffer.from("x")])).toMatchObject({ ok: false, problem: { code: "unwritable" } });
  await rm(join(root, "packs/0/2.pack"));
  expect(given(await files.append(2, [Buffer.from("x")]))).toEqual([{ offset: 0, length: 1 }]);
  expect(given(await files.append(1, [Buffer.from("second")]))).toEqual([{ offset: 5, length: 6 }]);
});

test("a large output is moved, not copied, and never over another one", async () => {
  const { root, files } = await someFiles();
  const spool = await aFolder({ out: "long output", other: "something else" }, join(root, ".."));
  const before = await stat(join(spool, "out"));
  const place = given(await files.adopt(12, "12.3.1-k3v9.out", join(spool, "out")));
  expect(place).toEqual({ kind: "file", path: "output/12/12.3.1-k3v9.out" });
  expect((await stat(join(root, "output/12/12.3.1-k3v9.out"))).ino).toBe(before.ino);
  expect(await readdir(spool)).toEqual(["other"]);
  expect(await text(files, place)).toBe("long output");
  const refused = await files.adopt(12, "12.3.1-k3v9.out", join(spool, "other"));
  expect(refused).toMatchObject({ ok: false, problem: { code: "exists" } });
  expect(await readdir(spool)).toEqual(["other"]);
  expect(await text(files, place)).toBe("long output");
});

test("adopting again after a crash finds the file, at whichever step the crash was", async () => {
  const { root, files } = await someFiles();
  const spool = await aFolder({ out: "bytes" }, join(root, ".."));
  const place = given(await files.adopt(1, "a.out", join(spool, "out")));
  expect(given(await files.adopt(1, "a.out", join(spool, "out")))).toEqual(place);
  await writeFile(join(spool, "out"), "bytes");
  expect(given(await files.adopt(1, "a.out", join(spool, "out")))).toEqual(place);
  expect(await readdir(spool)).toEqual([]);
});

test("an output on another file system is copied whole and then removed", async () => {
  const shared = "/dev/shm";
  const { root, files } = await someFiles();
  if ((await stat(shared)).dev === (await stat(root)).dev) return;
  const spool = await aFolder({ out: Buffer.alloc(3_000_000, "x") }, shared);
  const place = given(await files.adopt(1, "a.out", join(spool, "out")));
  expect(given(await files.outputs.size(place))).toBe(3_000_000);
  expect(await readdir(spool)).toEqual([]);
  expect(await readdir(join(root, "output/1"))).toEqual(["a.out"]);
  await fill(spool, { out: "other" });
  expect(await files.adopt(1, "a.out", join(spool, "out"))).toMatchObject({ ok: false, problem: { code: "exists" } });
  expect(await readdir(join(root, "output/1"))).toEqual(["a.out"]);
});

test("links, folders, missing files and names with a path in them are not adopted", async () => {
  const { root, files } = await someFiles();
  const spool = await aFolder({ folder: "folder/", link: { link: "/etc/hostname" }, out: "x" }, join(root, ".."));
  expect(await files.adopt(1, "a", join(spool, "link"))).toMatchObject({ ok: false, problem: { code: "not_a_file" } });
  expect(await files.adopt(1, "a", join(spool, "folder"))).toMatchObject({
    ok: false,
    problem: { code: "not_a_file" },
  });
  expect(await files.adopt(1, "a", join(spool, "none"))).toMatchObject({ ok: false, problem: { code: "missing" } });
  for (const name of ["../a", "a/b", "", ".", "..", ".hidden", "a\0", "a b"]) {
    expect(await files.adopt(1, name, join(spool, "out"))).toMatchObject({ ok: false, problem: { code: "bad_name" } });
  }
  expect((await readdir(spool)).sort()).toEqual(["folder", "link", "out"]);
});

test("one reader serves a pack's slice, an adopted file, a growing spool file and no output", async () => {
  const { root, files } = await someFiles();
  const spool = await aFolder({ out: "0123456789", big: "0123456789" }, join(root, ".."));
  given(await files.append(1, [Buffer.from("before")]));
  const [slice] = given(await files.append(1, [Buffer.from("0123456789"), Buffer.from("after")]));
  const live: OutputPlace = { kind: "spool", path: join(spool, "out") };
  const places: OutputPlace[] = [
    { kind: "pack", job: 1, offset: slice?.offset ?? -1, length: 10 },
    given(await files.adopt(1, "a.out", join(spool, "big"))),
    live,
  ];
  for (const place of places) {
    expect(given(await files.outputs.size(place))).toBe(10);
    expect(await text(files, place)).toBe("0123456789");
    expect(await text(files, place, 2, 5)).toBe("234");
    expect(await text(files, place, 8, 99)).toBe("89");
    expect(await text(files, place, 10)).toBe("");
    expect(await text(files, place, 50)).toBe("");
    expect(await text(files, place, 5, 2)).toBe("");
  }
  await writeFile(join(spool, "out"), "abc", { flag: "a" });
  expect(await text(files, live, given(await files.outputs.size(live)) - 3)).toBe("abc");
  expect(await text(files, { kind: "none" })).toBe("");
  expect(given(await files.outputs.lastLines({ kind: "none" }, 5)).bytes.length).toBe(0);
});

test("places that lead astray are refused: links, paths out of the root, slices beyond the pack", async () => {
  const { root, files } = await someFiles();
  const spool = await aFolder({ out: { link: "/etc/hostname" } }, join(root, ".."));
  given(await files.append(1, [Buffer.from("12345")]));
  const codeOf = async (place: OutputPlace) => {
    const result = await files.outputs.read(place, 0);
    return result.ok ? null : result.problem.code;
  };
  expect(await codeOf({ kind: "spool", path: join(spool, "out") })).toBe("unreadable");
  expect(await codeOf({ kind: "spool", path: spool })).toBe("unreadable");
  expect(await codeOf({ kind: "spool", path: "relative/out" })).toBe("bad_name");
  expect(await codeOf({ kind: "spool", path: join(spool, "none") })).toBe("missing");
  expect(await codeOf({ kind: "file", path: "../secret" })).toBe("bad_name");
  expect(await codeOf({ kind: "file", path: "/etc/passwd" })).toBe("bad_name");
  expect(await codeOf({ kind: "pack", job: 1, offset: 3, length: 3 })).toBe("damaged");
  expect(await codeOf({ kind: "pack", job: 2, offset: 0, length: 1 })).toBe("missing");
});

test("free space is that of the disk", async () => {
  const { files } = await someFiles();
  expect(given(await files.freeBytes())).toBeGreaterThan(0);
});

test("the end of a gigabyte is read in milliseconds", async () => {
  const { files } = await someFiles();
  const spool = await aFolder({ out: "" });
  const path = join(spool, "out");
  await truncate(path, 1_000_000_000);
  await writeFile(path, "\nlast but one\nlast\n", { flag: "a" });
  const from = performance.now();
  const tail = given(await files.outputs.lastLines({ kind: "spool", path }, 2));
  console.log(`last lines of 1 GB: ${(performance.now() - from).toFixed(1)} ms`);
  expect(tail.bytes.toString()).toBe("last but one\nlast\n");
  const line = given(await files.outputs.lastLines({ kind: "spool", path }, 3));
  expect(line).toMatchObject({ cut: true });
  expect(line.bytes.length).toBeLessThanOrEqual(4 * 1024 * 1024);
});
