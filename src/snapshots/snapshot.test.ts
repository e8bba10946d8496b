import { createHash } from "node:crypto";
import {
  chmod,
  chown,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { aFolder, fill } from "../../test/helpers/a_folder.ts";
import { changesSince } from "./changed_files.ts";
import { type LayOutOptions, layOut } from "./lay_out.ts";
import { type Manifest, manifestText, snapshotIdOf } from "./manifest.ts";
import { describeSnapshotProblem, type SnapshotResult } from "./problem.ts";
import { blobPath } from "./snapshot_store.ts";
import { surveyFolder } from "./survey_folder.ts";
import { takeSnapshot } from "./take_snapshot.ts";

function given<Value>(result: SnapshotResult<Value>): Value {
  if (!result.ok) throw new Error(describeSnapshotProblem(result.problem));
  return result.value;
}

async function snapshotOf(folder: string, store: string) {
  return given(await takeSnapshot(given(await surveyFolder(folder)), store));
}

/** A folder for the store and for what is laid out of it. */
async function aYard() {
  const home = await aFolder();
  const store = join(home, "snapshots");
  return {
    home,
    store,
    lay: async (id: string, name: string, options: LayOutOptions = {}) => {
      const target = join(home, name);
      return { target, manifest: given(await layOut(id, store, target, options)) };
    },
  };
}

/** Stores a manifest that no survey would have made. */
async function forge(store: string, manifest: Partial<Manifest>): Promise<string> {
  const text = manifestText({ format: 1, entries: [], leftBehind: [], ...manifest });
  await fill(store, { [`manifests/${snapshotIdOf(text)}.json`]: text });
  return snapshotIdOf(text);
}

test("what is laid out is what was there: contents, programs, links, empty folders, odd names", async () => {
  const { store, lay } = await aYard();
  const contents = {
    "train.py": "print(1)\n",
    "bin/go": { program: "#!/bin/sh\n" },
    "bin/latest": { link: "go" },
    "src/empty.py": "",
    "two\nlines '\" ": "odd",
    "ünï/日本語": Buffer.from([0, 255, 10]),
    logs: "folder/" as const,
  };
  const folder = await aFolder(contents);
  const { target } = await lay((await snapshotOf(folder, store)).id, "work");
  expect((await readdir(target, { recursive: true })).sort()).toEqual(
    (await readdir(folder, { recursive: true })).sort(),
  );
  expect(await readFile(join(target, "train.py"), "utf8")).toBe("print(1)\n");
  expect(await readFile(join(target, "two\nlines '\" "), "utf8")).toBe("odd");
  expect(await readFile(join(target, "ünï/日本語"))).toEqual(contents["ünï/日本語"]);
  expect(await readlink(join(target, "bin/latest"))).toBe("go");
  expect((await stat(join(target, "bin/go"))).mode & 0o777).toBe(0o755);
  expect((await stat(join(target, "train.py"))).mode & 0o777).toBe(0o644);
  expect((await stat(target)).mode & 0o777).toBe(0o700);
});

test("the same code has the same id wherever and whenever it lies; other content, name or x bit has another", async () => {
  const { store } = await aYard();
  const contents = { "a.py": "1", "b/c.py": "2", link: { link: "a.py" } };
  const first = await snapshotOf(await aFolder(contents), store);
  const folder = await aFolder(contents);
  expect(await snapshotOf(folder, store)).toEqual(first);
  await chmod(join(folder, "a.py"), 0o755);
  const executable = await snapshotOf(folder, store);
  await rename(join(folder, "a.py"), join(folder, "d.py"));
  const renamed = await snapshotOf(folder, store);
  expect(new Set([first, executable, renamed].map(({ contentHash }) => contentHash)).size).toBe(3);
});

test("what is left behind changes the id and not the content hash", async () => {
  const { store } = await aYard();
  const folder = await aFolder({ ".runyardignore": "data*\n", "a.py": "" });
  const before = await snapshotOf(folder, store);
  await fill(folder, { "data/x": "" });
  const after = await snapshotOf(folder, store);
  expect(after.contentHash).toBe(before.contentHash);
  expect(after.id).not.toBe(before.id);
});

test("equal contents are stored once, private to their owner", async () => {
  const { store } = await aYard();
  await snapshotOf(await aFolder({ a: "same", b: "same", "c/d": "same", e: "other" }), store);
  const blobs = (await readdir(join(store, "blobs"), { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const hashes = ["same", "other"].map((text) => createHash("sha256").update(text).digest("hex"));
  expect(blobs.map(({ name }) => name).sort()).toEqual(hashes.sort());
  for (const folder of ["", "blobs", "manifests"]) expect((await stat(join(store, folder))).mode & 0o777).toBe(0o700);
});

test("on the same machine left-out paths and links out are linked to the original, elsewhere they are missing", async () => {
  const { store, lay } = await aYard();
  const outside = await aFolder({ "train.csv": "1,2" });
  const folder = await aFolder({
    ".gitignore": "data/\n*.pt\n",
    "data/x": "big",
    "ckpt/a.pt": "w",
    sets: { link: outside },
  });
  const { id } = await snapshotOf(folder, store);
  const here = await lay(id, "here", { original: folder });
  expect(await readFile(join(here.target, "data/x"), "utf8")).toBe("big");
  expect(await readlink(join(here.target, "data"))).toBe(join(folder, "data"));
  expect(await readFile(join(here.target, "ckpt/a.pt"), "utf8")).toBe("w");
  expect(await readlink(join(here.target, "sets"))).toBe(outside);
  const elsewhere = await lay(id, "elsewhere");
  expect((await readdir(elsewhere.target)).sort()).toEqual([".gitignore", "ckpt"]);
});

test("a run that writes over its code changes neither the store nor the next run's code", async () => {
  const { store, lay } = await aYard();
  const { id } = await snapshotOf(await aFolder({ "a.py": "good" }), store);
  const first = await lay(id, "first");
  await writeFile(join(first.target, "a.py"), "evil");
  const second = await lay(id, "second");
  expect(await readFile(join(second.target, "a.py"), "utf8")).toBe("good");
  expect((await lstat(join(second.target, "a.py"))).nlink).toBe(1);
});

test("what exists is never laid over; an empty folder may be", async () => {
  const { home, store, lay } = await aYard();
  const { id } = await snapshotOf(await aFolder({ "a.py": "" }), store);
  await fill(home, { "full/x": "mine", file: "mine", empty: "folder/", link: { link: "empty" } });
  for (const name of ["full", "file", "link"]) {
    const target = join(home, name);
    expect(await layOut(id, store, target)).toEqual({ ok: false, problem: { code: "target_exists", path: target } });
  }
  expect(await readFile(join(home, "full/x"), "utf8")).toBe("mine");
  await lay(id, "empty");
  expect((await readdir(home)).sort()).toEqual(["empty", "file", "full", "link", "snapshots"]);
});

test("a forged manifest writes nothing outside, and nothing at all", async () => {
  const { home, store } = await aYard();
  await snapshotOf(await aFolder({ "a.py": "x" }), store);
  const file = {
    kind: "file" as const,
    sizeBytes: 1,
    sha256: createHash("sha256").update("x").digest("hex"),
    executable: false,
  };
  const forged: Partial<Manifest>[] = [
    { entries: [{ ...file, path: "../escaped" }] },
    { entries: [{ ...file, path: join(home, "escaped") }] },
    {
      entries: [
        { kind: "link", path: "out", target: ".." },
        { ...file, path: "out/escaped" },
      ],
    },
    {
      entries: [
        { kind: "link", path: "d", target: "." },
        { ...file, path: "d/escaped" },
      ],
    },
    { leftBehind: [{ path: "out", target: home }], entries: [{ ...file, path: "out/escaped" }] },
  ];
  for (const manifest of forged) {
    const id = await forge(store, manifest);
    const result = await layOut(id, store, join(home, "work"), { original: home });
    expect(result).toMatchObject({ ok: false, problem: { code: "bad_manifest", id } });
    expect(await readdir(home)).toEqual(["snapshots"]);
  }
});

test("a chain of inside links cannot climb out when a run follows it", async () => {
  const { store, lay } = await aYard();
  const id = await forge(store, {
    entries: [
      { kind: "link", path: "p/q/top", target: "../.." },
      { kind: "link", path: "climb", target: "p/q/top" },
    ],
  });
  const { target } = await lay(id, "work");
  expect((await readdir(join(target, "climb"))).sort()).toEqual(["climb", "p"]);
});

test("a manifest changed under its id, an unknown id and a path for an id are refused", async () => {
  const { home, store } = await aYard();
  const { id } = await snapshotOf(await aFolder({ "a.py": "x" }), store);
  for (const unknown of ["0".repeat(64), "../../etc/passwd", ""]) {
    expect(await layOut(unknown, store, join(home, "w"))).toMatchObject({
      ok: false,
      problem: { code: "no_such_snapshot" },
    });
  }
  await writeFile(join(store, "manifests", `${id}.json`), '{"format":1,"entries":[],"leftBehind":[]}\n');
  expect(await layOut(id, store, join(home, "w"))).toMatchObject({ ok: false, problem: { code: "bad_manifest" } });
});

test("a missing or shortened blob is named by its file, and no half folder is left", async () => {
  const { home, store } = await aYard();
  const { id } = await snapshotOf(await aFolder({ "a.py": "x", "b.py": "other" }), store);
  const blob = blobPath(store, createHash("sha256").update("other").digest("hex"));
  await truncate(blob, 2);
  const expected = { ok: false, problem: { code: "blob_missing", path: "b.py" } };
  expect(await layOut(id, store, join(home, "w"))).toMatchObject(expected);
  await rm(blob);
  expect(await layOut(id, store, join(home, "w"))).toMatchObject(expected);
  expect(await readdir(home)).toEqual(["snapshots"]);
});

test("a snapshot taken again mends a blob that was cut short", async () => {
  const { store, lay } = await aYard();
  const folder = await aFolder({ "a.py": "content" });
  const { id } = await snapshotOf(folder, store);
  await truncate(blobPath(store, createHash("sha256").update("content").digest("hex")), 2);
  await snapshotOf(folder, store);
  const { target } = await lay(id, "w");
  expect(await readFile(join(target, "a.py"), "utf8")).toBe("content");
});

test("a file that cannot be read is named, and no snapshot comes of it", async () => {
  const { home, store } = await aYard();
  const folder = await aFolder({ "a.py": "x", "secret.bin": "y" });
  await chmod(join(folder, "secret.bin"), 0);
  await chmod(folder, 0o755);
  await mkdir(store, { mode: 0o700 });
  const surveyed = given(await surveyFolder(folder));
  if (process.geteuid?.() === 0) {
    for (const path of [home, store]) await chown(path, 65534, 65534);
    process.seteuid?.(65534);
    onTestFinished(() => process.seteuid?.(0));
  }
  const result = await takeSnapshot(surveyed, store);
  expect(result).toMatchObject({ ok: false, problem: { code: "unreadable", path: join(folder, "secret.bin") } });
  expect((await readdir(store, { recursive: true })).sort()).toEqual(["blobs", "manifests", "parts"]);
  expect(!result.ok && describeSnapshotProblem(result.problem)).toMatch("permission denied");
});

test("a file that became a link between survey and snapshot is not followed", async () => {
  const { store } = await aYard();
  const folder = await aFolder({ "a.py": "x" });
  const surveyed = given(await surveyFolder(folder));
  await rm(join(folder, "a.py"));
  await symlink("/etc/hostname", join(folder, "a.py"));
  expect(await takeSnapshot(surveyed, store)).toMatchObject({ ok: false, problem: { code: "unreadable" } });
});

test("a store that is a link is refused", async () => {
  const { home, store } = await aYard();
  await fill(home, { elsewhere: "folder/", snapshots: { link: "elsewhere" } });
  const surveyed = given(await surveyFolder(await aFolder({ "a.py": "x" })));
  expect(await takeSnapshot(surveyed, store)).toMatchObject({
    ok: false,
    problem: { code: "unwritable", path: store },
  });
});

test("a file that is written to all the time is stored as it was at one moment, or refused", async () => {
  const { store, lay } = await aYard();
  const folder = await aFolder({ "a.bin": "0".repeat(4_000_000) });
  let going = true;
  let digit = 0;
  const writer = (async () => {
    while (going) {
      digit = (digit + 1) % 10;
      await writeFile(join(folder, "next"), String(digit).repeat(4_000_000));
      await copyFile(join(folder, "next"), join(folder, "a.bin"));
    }
  })();
  const surveyed = given(await surveyFolder(folder));
  const only = { ...surveyed, files: surveyed.files.filter(({ path }) => path === "a.bin") };
  const result = await takeSnapshot(only, store);
  going = false;
  await writer;
  if (!result.ok) {
    expect(result.problem.code).toBe("keeps_changing");
    return;
  }
  const { target, manifest } = await lay(result.value.id, "w");
  const bytes = await readFile(join(target, "a.bin"));
  expect(manifest.entries).toMatchObject([
    { sha256: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length },
  ]);
});

test("changes are what a run made or changed, by content, and nothing that was linked", async () => {
  const { store, lay } = await aYard();
  const folder = await aFolder({
    ".gitignore": "data/\nold/\n",
    "data/x": "big",
    "old/y": "1",
    "a.py": "aaaa",
    "b.py": "bbbb",
    "gone.py": "",
    "c/d": "1",
    l: { link: "a.py" },
  });
  const { target, manifest } = await lay((await snapshotOf(folder, store)).id, "w", { original: folder });
  expect(await changesSince(target, manifest)).toEqual({ files: [], links: [], unreadable: [] });
  await rm(join(target, "old"));
  await rm(join(target, "gone.py"));
  await fill(target, {
    "a.py": "AAAA",
    "b.py": "bbbb",
    "c/d": "12",
    "new/model.pt": "w",
    "old/y": "2",
    "data/via-link": "x",
    "new/latest": { link: "model.pt" },
    "new/etc": { link: "/etc" },
    "src/__pycache__/a.pyc": "x",
  });
  await writeFile(Buffer.concat([Buffer.from(`${target}/caf`), Buffer.from([0xe9])]), "x");
  expect(await changesSince(target, manifest)).toEqual({
    files: [
      { path: "a.py", sizeBytes: 4 },
      { path: "c/d", sizeBytes: 2 },
      { path: "new/model.pt", sizeBytes: 1 },
      { path: "old/y", sizeBytes: 1 },
    ],
    links: [{ path: "new/latest", target: "model.pt" }],
    unreadable: ["caf\uFFFD"],
  });
});

test("ten thousand small files are surveyed, stored and laid out in seconds", async () => {
  const { store, lay } = await aYard();
  const names = Array.from({ length: 10_000 }, (_, n) => `pkg${n % 100}/file${n}.py`);
  const folder = await aFolder(Object.fromEntries(names.map((name) => [name, `# ${name}\n`.repeat(20)])));
  const times: string[] = [];
  async function timed<Value>(what: string, work: Promise<Value>): Promise<Value> {
    const from = performance.now();
    const value = await work;
    times.push(`${what} ${Math.round(performance.now() - from)} ms`);
    return value;
  }
  const surveyed = given(await timed("survey", surveyFolder(folder)));
  const { id } = given(await timed("first snapshot", takeSnapshot(surveyed, store)));
  expect(given(await timed("second snapshot", takeSnapshot(surveyed, store))).id).toBe(id);
  const { target, manifest } = await timed("lay out", lay(id, "w"));
  expect(await timed("changes", changesSince(target, manifest))).toEqual({ files: [], links: [], unreadable: [] });
  console.log(`10,000 files: ${times.join(", ")}`);
  expect(manifest.entries).toHaveLength(10_000);
}, 120_000);
