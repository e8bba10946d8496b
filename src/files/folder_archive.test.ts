import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { truncateSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { expect, test } from "vitest";
import { aFolder } from "../../test/helpers/a_folder.ts";
import { archiveOf } from "./folder_archive.ts";

async function archive(root: string, names: string[] = []) {
  const packed = await archiveOf(root, names, "top");
  if (!packed.ok) throw new Error(JSON.stringify(packed.problem));
  return packed.value;
}

/** As tar itself unpacks it. */
async function unpacked(tar: Buffer): Promise<string> {
  const folder = await aFolder();
  await writeFile(`${folder}/it.tar`, tar);
  execFileSync("tar", ["-xf", "it.tar"], { cwd: folder });
  return folder;
}

test("a folder is packed with all of its plain files, however deep and oddly they are called", async () => {
  const long = "d/".repeat(60);
  const root = await aFolder({
    "a b/ü\n.txt": "x",
    [`${long}file`]: "deep",
    empty: "",
    link: { link: "/etc/passwd" },
    large: "0123456789".repeat(100_000),
  });
  const folder = await unpacked(await buffer(await archive(root)));
  execFileSync("rm", [`${root}/link`]);
  expect(execFileSync("diff", ["-r", root, `${folder}/top`], { encoding: "utf8" })).toBe("");
});

test("what is no folder, is missing, or lies behind a link is no archive", async () => {
  const root = await aFolder({ file: "x", "real/file": "x", link: { link: "real" } });
  for (const names of [["file"], ["nothing"], ["link"], ["..", "x"], [""]])
    expect(await archiveOf(root, names, "top")).toMatchObject({ ok: false });
});

test("a file that shrinks while it is packed keeps its place, and those behind it are whole", async () => {
  const root = await aFolder({ "1/large": Buffer.alloc(20 * 1024 * 1024, "a"), "2/after": "whole" });
  const stream = await archive(root);
  // The first megabytes wait to be fetched: what comes behind them has not been read yet.
  await once(stream, "readable");
  truncateSync(`${root}/1/large`, 100);
  const folder = await unpacked(await buffer(stream));
  expect(execFileSync("wc", ["-c", `${folder}/top/1/large`], { encoding: "utf8" })).toContain(`${20 * 1024 * 1024} `);
  expect(execFileSync("cat", [`${folder}/top/2/after`], { encoding: "utf8" })).toBe("whole");
});

test("who goes away in between leaves no file open", async () => {
  const root = await aFolder({ large: Buffer.alloc(30 * 1024 * 1024) });
  const stream = await archive(root);
  await once(stream, "readable");
  stream.destroy();
  await once(stream, "close");
  const isOpen = () =>
    execFileSync("sh", ["-c", `ls -l /proc/${process.pid}/fd | grep -c ${root} || true`], { encoding: "utf8" }).trim();
  await expect.poll(isOpen).toBe("0");
});
