import { type FileHandle, link, lstat, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { besideFor, openToRead, syncFolder } from "../platform/durable_file.ts";
import { makePrivateFolder } from "../platform/private_folder.ts";
import { bad, good } from "../platform/result.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { asFileProblem, type FileProblem, type FileResult } from "./problem.ts";

const BLOCK_BYTES = 1024 * 1024;

/**
 * Moves a run's output file from `source` to `<folder>/<job>/<name>`, durably, and answers its new path. Never overwrites.
 * May be asked again after a crash at any point: what had come over already is answered, and nothing is lost.
 */
export async function adoptFile(
  folder: string,
  job: number,
  name: string,
  source: string,
): Promise<FileResult<string>> {
  if (!/^\w[\w.-]{0,200}$/.test(name)) return bad({ code: "bad_name", name });
  const shelf = join(folder, String(job));
  const target = join(shelf, name);
  try {
    const objection = await makePrivateFolder(shelf);
    if (objection !== null) return bad({ code: "not_ours", path: shelf, objection });
    const problem = await bringOver(source, target);
    if (problem !== null) return bad(problem);
    await syncFolder(shelf);
    await syncFolder(folder);
    await unlinkIfThere(source);
    return good(target);
  } catch (error) {
    return bad(asFileProblem(error, "unwritable", target));
  }
}

/** What opening a link, a folder, a device or what is nobody's to read fails with. */
const isNoFile = new Set(["ELOOP", "EINVAL", "ENOTDIR", "EISDIR", "ENXIO", "EACCES", "EPERM"]);

/** Null where `target` now holds, on disk, what `source` holds. */
async function bringOver(source: string, target: string): Promise<FileProblem | null> {
  let handle: FileHandle;
  try {
    handle = await openToRead(source);
  } catch (error) {
    // It had come over completely before: the source goes last.
    if (systemErrorCode(error) === "ENOENT" && (await isThere(target))) return null;
    if (isNoFile.has(systemErrorCode(error) ?? "")) return { code: "not_a_file", path: source };
    return asFileProblem(error, "unreadable", source);
  }
  try {
    await handle.sync();
    return await linkOrCopy(source, handle, target);
  } catch (error) {
    if (systemErrorCode(error) !== "EEXIST") throw error;
    return (await holdsTheSame(handle, target)) ? null : { code: "exists", path: target };
  } finally {
    await handle.close();
  }
}

/** A link, unlike a rename, never replaces what is there. Throws EEXIST then. */
async function linkOrCopy(source: string, handle: FileHandle, target: string): Promise<null> {
  try {
    await link(source, target);
    return null;
  } catch (error) {
    if (!isNoWayToLink.has(systemErrorCode(error) ?? "")) throw error;
  }
  const part = besideFor(target);
  try {
    const copy = await open(part, "wx", 0o600);
    try {
      for await (const block of blocksOf(handle)) await copy.writeFile(block);
      await copy.sync();
    } finally {
      await copy.close();
    }
    await link(part, target);
    return null;
  } finally {
    await unlinkIfThere(part);
  }
}

/** On another file system, or on one that keeps foreign or any files from being linked. */
const isNoWayToLink = new Set(["EXDEV", "EPERM", "EMLINK", "ENOTSUP"]);

async function* blocksOf(handle: FileHandle): AsyncGenerator<Buffer> {
  const block = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(block, 0, BLOCK_BYTES, at);
    if (bytesRead === 0) return;
    yield block.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function holdsTheSame(handle: FileHandle, path: string): Promise<boolean> {
  const other = await openToRead(path);
  try {
    const [mine, its] = [await handle.stat(), await other.stat()];
    if (mine.ino === its.ino && mine.dev === its.dev) return true;
    if (mine.size !== its.size) return false;
    let at = 0;
    const itsBlock = Buffer.alloc(BLOCK_BYTES);
    for await (const block of blocksOf(handle)) {
      const { bytesRead } = await other.read(itsBlock, 0, block.length, at);
      if (!block.equals(itsBlock.subarray(0, bytesRead))) return false;
      at += bytesRead;
    }
    return true;
  } finally {
    await other.close();
  }
}

function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function unlinkIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (systemErrorCode(error) !== "ENOENT") throw error;
  });
}
