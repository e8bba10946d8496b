import { execFileSync } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { aFolder, fill } from "../../test/helpers/a_folder.ts";
import { codeVersion, trackedThoughIgnored } from "./git.ts";

const git = (folder: string, ...args: string[]) =>
  execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", "-C", folder, ...args], {
    encoding: "utf8",
  });

async function aRepository(): Promise<string> {
  const folder = await aFolder({ "a.py": "1", "sub/b.py": "2", "data/x": "", ".gitignore": "data/\n" });
  git(folder, "init", "-q");
  git(folder, "add", ".");
  git(folder, "add", "-f", "data/x");
  git(folder, "commit", "-qm", "first");
  return folder;
}

test("a clean checkout is its commit, and any change or new file makes it dirty", async () => {
  const folder = await aRepository();
  const commit = git(folder, "rev-parse", "HEAD").trim();
  expect(await codeVersion(folder)).toEqual({ commit, dirty: false });
  await fill(folder, { "sub/new.py": "" });
  expect(await codeVersion(folder)).toEqual({ commit, dirty: true });
  expect(await codeVersion(join(folder, "data"))).toEqual({ commit, dirty: false });
  await fill(folder, { "data/x": "changed" });
  expect(await codeVersion(join(folder, "data"))).toEqual({ commit, dirty: true });
});

test("outside of a repository there is no commit, and before the first one neither", async () => {
  const folder = await aFolder({ "a.py": "" });
  expect(await codeVersion(folder)).toEqual({ commit: null, dirty: null });
  git(folder, "init", "-q");
  expect(await codeVersion(folder)).toEqual({ commit: null, dirty: true });
});

test("variables that point git elsewhere are not believed, and the index is not written to", async () => {
  const folder = await aRepository();
  process.env["GIT_DIR"] = "/nonexistent";
  onTestFinished(() => void delete process.env["GIT_DIR"]);
  await writeFile(join(folder, "a.py"), "1");
  const index = await readFile(join(folder, ".git/index"));
  expect((await codeVersion(folder)).commit).toMatch(/^[0-9a-f]{40}$/);
  expect(await readFile(join(folder, ".git/index"))).toEqual(index);
});

test("a git that does not answer in time is waited for no longer", async () => {
  const folder = await aRepository();
  // Git opens HEAD before all else, and a pipe that nobody writes to keeps it waiting.
  await rm(join(folder, ".git/HEAD"));
  execFileSync("mkfifo", [join(folder, ".git/HEAD")]);
  expect(await codeVersion(folder, 200)).toEqual({ commit: null, dirty: null });
});

test("paths that git keeps although they are ignored are known, seen from the folder asked for", async () => {
  const folder = await aRepository();
  expect(await trackedThoughIgnored(folder)).toEqual(["data/x"]);
  expect(await trackedThoughIgnored(join(folder, "data"))).toEqual(["x"]);
  expect(await trackedThoughIgnored(await aFolder())).toEqual([]);
});
