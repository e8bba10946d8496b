import { execFileSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { aFolder, fill } from "../../test/helpers/a_folder.ts";
import { describeSnapshotProblem } from "./problem.ts";
import { describeSurvey, type Survey } from "./survey.ts";
import { type SurveyOptions, surveyFolder } from "./survey_folder.ts";

async function survey(folder: string, options: SurveyOptions = {}): Promise<Survey> {
  const result = await surveyFolder(folder, { sizingMs: 5000, ...options });
  if (!result.ok) throw new Error(describeSnapshotProblem(result.problem));
  return result.value;
}

const taken = (found: Survey) => found.files.map(({ path }) => path);
const left = (found: Survey) => found.leftOut.map(({ path }) => path);
const git = (folder: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", "-C", folder, ...args], {
    encoding: "utf8",
  });

test("what ignore files name stays behind, and .runyardignore has the last word", async () => {
  const folder = await aFolder({
    ".gitignore": "*.log\ndata/\nweights.pt\n",
    ".runyardignore": "!weights.pt\nnotes/\n",
    "train.py": "print()",
    "run.log": "…",
    "data/a.bin": "12345",
    "data/b/c.bin": "123",
    "notes/todo.txt": "",
    "weights.pt": "w",
  });
  const found = await survey(folder);
  expect(taken(found)).toEqual([".gitignore", ".runyardignore", "train.py", "weights.pt"]);
  expect(left(found)).toEqual(["data", "notes", "run.log"]);
  expect(found.leftOut[0]).toEqual({ path: "data", kind: "folder", target: null, sizeBytes: 8 });
});

test("nested ignore files hold below their folder and take back what outer ones leave", async () => {
  const folder = await aFolder({
    ".gitignore": "build/\n/only-here\n*.tmp\n",
    "only-here": "",
    "sub/only-here": "",
    "sub/.gitignore": "!build/\n!kept.tmp\nlocal\n",
    "sub/build/x.c": "",
    "sub/kept.tmp": "",
    "sub/other.tmp": "",
    "sub/local": "",
    local: "",
    "build/y.c": "",
  });
  const found = await survey(folder);
  expect(taken(found)).toEqual([
    ".gitignore",
    "local",
    "sub/.gitignore",
    "sub/build/x.c",
    "sub/kept.tmp",
    "sub/only-here",
  ]);
});

test("the survey agrees with git, from the top of a repository and from a folder inside", async () => {
  const folder = await aFolder({
    ".gitignore": "*.o\n!keep.o\nout/\n/a/*.txt\n**/cache/\nfoo[0-9]\n\\#odd\ntrailing\\ \n# comment\n",
    ".git/info/exclude": "excluded\n",
    "a/one.txt": "",
    "a/b/one.txt": "",
    "a/b/.gitignore": "*\n!.gitignore\n!deep/\n!deep/*.py\n",
    "a/b/deep/x.py": "",
    "a/b/deep/x.o": "",
    "x.o": "",
    "keep.o": "",
    "a/out/z": "",
    "a/cache/z": "",
    foo1: "",
    foox: "",
    "#odd": "",
    "trailing ": "",
    excluded: "",
    "a/excluded": "",
    "a/forced.o": "",
    " lead": "",
    "ünï/日本.txt": "",
  });
  git(folder, "init", "-q");
  await writeFile(join(folder, ".git/info/exclude"), "excluded\n");
  git(folder, "add", "-f", "a/forced.o");
  for (const place of [folder, join(folder, "a"), join(folder, "a/b")]) {
    const listed = git(place, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0").slice(0, -1);
    expect(taken(await survey(place))).toEqual(listed.sort());
  }
});

test("version control, collected results, environment files and keys stay behind unless named", async () => {
  const folder = await aFolder({
    "train.py": "",
    ".git/HEAD": "ref",
    "job_results/1/out": "",
    ".env": "SECRET=1",
    ".env.local": "SECRET=1",
    ".env.example": "SECRET=",
    "conf/server.pem": "k",
    "conf/app.yaml": "",
    id_rsa: "k",
    "id_rsa.pub": "k",
    "deploy.key": "k",
    "keys.py": "",
  });
  expect(taken(await survey(folder))).toEqual([".env.example", "conf/app.yaml", "keys.py", "train.py"]);
  const named = await survey(folder, { include: [".env", "./conf/server.pem", join(folder, "job_results/")] });
  expect(taken(named)).toEqual([
    ".env",
    ".env.example",
    "conf/app.yaml",
    "conf/server.pem",
    "job_results/1/out",
    "keys.py",
    "train.py",
  ]);
});

test("a path named deep in an ignored folder goes along, its neighbours stay", async () => {
  const folder = await aFolder({
    ".gitignore": "data/\n",
    "data/small/a.csv": "a",
    "data/small/.gitignore": "*\n",
    "data/small/id_rsa": "k",
    "data/large/b.csv": "b",
    "data/c.csv": "c",
  });
  const found = await survey(folder, { include: ["data/small"] });
  expect(taken(found)).toEqual([".gitignore", "data/small/.gitignore", "data/small/a.csv"]);
  expect(left(found)).toEqual(["data/c.csv", "data/large", "data/small/id_rsa"]);
});

test("an include that does not exist, or lies outside, is refused with its path", async () => {
  const folder = await aFolder({ "a.py": "", link: { link: "/" } });
  for (const path of ["nope", "link/etc"]) {
    const missing = await surveyFolder(folder, { include: [path] });
    expect(missing).toMatchObject({ ok: false, problem: { code: "include_missing", path: join(folder, path) } });
  }
  for (const path of ["../x", "/etc", ".", "a/../../x"]) {
    expect(await surveyFolder(folder, { include: [path] })).toMatchObject({
      ok: false,
      problem: { code: "include_outside" },
    });
  }
});

test("a folder that ignores itself, like a virtual environment, is left out as one", async () => {
  const folder = await aFolder({
    "a.py": "",
    ".venv/.gitignore": "*\n",
    ".venv/bin/python": "",
    ".venv/lib/x.py": "12",
  });
  const found = await survey(folder);
  expect(found.leftOut).toEqual([{ path: ".venv", kind: "folder", target: null, sizeBytes: 4 }]);
});

test("a folder whose files all stay behind is still made", async () => {
  const folder = await aFolder({
    ".gitignore": "*.pt\n",
    "checkpoints/old.pt": "",
    empty: "folder/",
    "src/__pycache__/x.pyc": "",
  });
  const found = await survey(folder);
  expect(found.emptyFolders).toEqual(["checkpoints", "empty", "src"]);
  expect(left(found)).toEqual(["checkpoints/old.pt"]);
});

test("links stay links: inside ones go along made relative, others stay behind with where they lead", async () => {
  const folder = await aFolder({
    "sub/real.txt": "x",
    "sub/up": { link: "../sub/./real.txt" },
    out: { link: "../elsewhere" },
  });
  await fill(folder, {
    here: { link: join(folder, "sub/real.txt") },
    top: { link: "sub/.." },
    etc: { link: "/etc" },
    broken: { link: "not-there" },
  });
  const found = await survey(folder);
  expect(found.links).toEqual([
    { path: "broken", target: "not-there" },
    { path: "here", target: "sub/real.txt" },
    { path: "sub/up", target: "../sub/real.txt" },
  ]);
  expect(found.leftOut.map(({ path, target }) => [path, target])).toEqual([
    ["etc", "/etc"],
    ["out", join(folder, "../elsewhere")],
    ["top", folder],
  ]);
});

test("sockets and fifos are never read", async () => {
  const folder = await aFolder({ "a.py": "" });
  execFileSync("/usr/bin/env", ["mkfifo", join(folder, "fifo")]);
  const server = createServer().listen(join(folder, "socket"));
  onTestFinished(() => void server.close());
  const found = await survey(folder, { include: ["fifo"] });
  expect(taken(found)).toEqual(["a.py"]);
  expect(found.leftOut.map(({ path, kind }) => [path, kind])).toEqual([
    ["fifo", "special"],
    ["socket", "special"],
  ]);
});

test("odd file names go along as they are; one that is not UTF-8 is refused with its name", async () => {
  const names = [
    "two\nlines",
    "quote\"'`",
    "trailing ",
    " leading",
    "日本語 ✓",
    "$(touch x)",
    "-rf",
    "back\\slash",
    "\u0001",
    "...",
  ];
  const folder = await aFolder(Object.fromEntries(names.map((name) => [name, "x"])));
  expect(taken(await survey(folder))).toEqual([...names].sort());
  await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), "x");
  expect(await surveyFolder(folder)).toMatchObject({
    ok: false,
    problem: { code: "name_not_text", path: `${folder}/caf\uFFFD` },
  });
  await writeFile(join(folder, ".runyardignore"), "caf*\n");
  expect((await surveyFolder(folder)).ok).toBe(true);
});

test("a folder that cannot be read is named, unless it stays behind", async () => {
  const folder = await aFolder({ "a.py": "", "closed/b.py": "" });
  await chmod(join(folder, "closed"), 0);
  await chmod(folder, 0o755);
  const self = process.geteuid?.();
  if (self === 0) {
    process.seteuid?.(65534);
    onTestFinished(() => process.seteuid?.(0));
  }
  const refused = await surveyFolder(folder);
  expect(refused).toMatchObject({ ok: false, problem: { code: "unreadable", path: join(folder, "closed") } });
  if (self === 0) process.seteuid?.(0);
  await writeFile(join(folder, ".gitignore"), "closed\n");
  if (self === 0) process.seteuid?.(65534);
  expect(taken(await survey(folder))).toEqual([".gitignore", "a.py"]);
});

test("what is avoided, like the yard's own home, is neither taken nor spoken of", async () => {
  const folder = await aFolder({ "a.py": "", ".runyard/token": "t" });
  const found = await survey(folder, { avoid: [join(folder, ".runyard")] });
  expect(taken(found)).toEqual(["a.py"]);
  expect(left(found)).toEqual([]);
});

test("something that is no folder is refused", async () => {
  const folder = await aFolder({ "a.py": "" });
  for (const path of ["a.py", "nothing", "a.py/x"]) {
    expect(await surveyFolder(join(folder, path))).toMatchObject({ ok: false, problem: { code: "not_a_folder" } });
  }
});

test("counting left-out folders ends with its time: they are then named without a size", async () => {
  const folder = await aFolder({ ".gitignore": "data\n", "a.py": "x".repeat(2048), "data/x": "y" });
  expect(describeSurvey(await survey(folder))).toBe("2 files, 2.0 kB; left out: data/ 1 B");
  const found = await survey(folder, { sizingMs: 0 });
  expect(found.leftOut[0]?.sizeBytes).toBe(null);
  expect(describeSurvey(found)).toBe("2 files, 2.0 kB; left out: data/");
});

test("the description shows the largest first, counts the rest, and obeys no control character", async () => {
  const files = Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`data${n}/x`, "y".repeat(n)]));
  const folder = await aFolder({ ".runyardignore": "data*\n\u001b*\n", "\u001b[2J": "", "a.py": "", ...files });
  await mkdir(join(folder, "src"));
  const text = describeSurvey(await survey(folder));
  expect(text).toBe(
    "2 files, 9 B; left out: data7/ 7 B, data6/ 6 B, data5/ 5 B, data4/ 4 B, data3/ 3 B, data2/ 2 B, 2 more",
  );
  const few = await aFolder({ ".runyardignore": "\u001b*\n", "\u001b[2J\u202e": "" });
  expect(describeSurvey(await survey(few))).toBe("1 file, 3 B; left out: ?[2J? 0 B");
});

test("a folder that its repository ignores is taken all the same when a job is submitted from it", async () => {
  const folder = await aFolder({
    ".gitignore": "scratch/\n*.log\n",
    "scratch/try/a.py": "",
    "scratch/try/.gitignore": "*.tmp\n",
  });
  git(folder, "init", "-q");
  await fill(folder, { "scratch/try/x.tmp": "" });
  expect(taken(await survey(join(folder, "scratch/try")))).toEqual([".gitignore", "a.py"]);
});
