import { execFileSync } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { openToRead, syncTogether, writeDurably, writeDurablyOnce } from "./durable_file.ts";
import { systemErrorCode, systemErrorText } from "./system_error.ts";

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

test("a file is replaced whole, private, and nothing is left beside it", async () => {
  const folder = await aFolder({ a: "old" });
  await writeDurably(join(folder, "a"), "new");
  expect(await readFile(join(folder, "a"), "utf8")).toBe("new");
  expect((await stat(join(folder, "a"))).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(["a"]);
});

test("of many that write a file once, one wins and the others are told", async () => {
  const folder = await aFolder();
  const path = join(folder, "a");
  const won = await Promise.all(["1", "2", "3", "4"].map((text) => writeDurablyOnce(path, text)));
  expect(won.filter(Boolean)).toHaveLength(1);
  expect(await readFile(path, "utf8")).toBe(String(won.indexOf(true) + 1));
  expect(await readdir(folder)).toEqual(["a"]);
});

test("a failed write leaves what was there, and says in words why", async () => {
  const folder = await aFolder({ "a/b": "folder in the way" });
  const error = await errorOf(writeDurably(join(folder, "a"), "new"));
  expect(systemErrorCode(error)).toMatch(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(systemErrorText(error)).toMatch(/directory/);
  expect(await readdir(folder)).toEqual(["a"]);
});

test("links, folders and fifos are not opened as files, and a fifo does not block", async () => {
  const folder = await aFolder({ folder: "folder/", link: { link: "file" }, file: "" });
  execFileSync("/usr/bin/env", ["mkfifo", join(folder, "fifo")]);
  for (const name of ["folder", "fifo"]) {
    expect(systemErrorText(await errorOf(openToRead(join(folder, name))))).toBe("not a regular file");
  }
  expect(systemErrorCode(await errorOf(openToRead(join(folder, "link"))))).toBe("ELOOP");
});

test("many files are made to last together, few one by one", async () => {
  const names = Array.from({ length: 100 }, (_, n) => `${n}`);
  const folder = await aFolder(Object.fromEntries(names.map((name) => [name, "x"])));
  const paths = names.map((name) => join(folder, name));
  await syncTogether(paths, folder);
  await syncTogether(paths.slice(0, 3), folder);
  expect(systemErrorCode(await errorOf(syncTogether([join(folder, "none")], folder)))).toBe("ENOENT");
});
