import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, open, rename, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { inParallel } from "./in_parallel.ts";
import { runCommand } from "./subprocess.ts";
import { systemErrorCode } from "./system_error.ts";

const SYNC_WIDTH = 16;
const WORTH_ONE_SYNC = 64;
/** Other programs may have left much to write on the same disk; the files alone are less then. */
const SYNC_DEADLINE_MS = 10_000;

/** Opens a regular file for reading and nothing else: no link is followed, no fifo waits for its writer. */
export async function openToRead(path: string): Promise<FileHandle> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if ((await handle.stat()).isFile()) return handle;
    throw Object.assign(new Error("not a regular file"), { code: "EINVAL", errno: -22 });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A name beside `path` that nobody else uses, for a file that is not whole yet. */
export function besideFor(path: string): string {
  return `${path}.${randomUUID()}.part`;
}

/**
 * Writes a whole file so that it survives a power cut once this returns: it is there complete, or not at all.
 * Replaces a file of that name. `mode` defaults to 0600. Throws the system's error, and leaves nothing behind then.
 */
export async function writeDurably(path: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  const part = besideFor(path);
  await writePart(part, bytes, mode, () => rename(part, path));
  await syncFolder(dirname(path));
}

/** Like `writeDurably`, but never replaces: false where a file of that name exists already. */
export async function writeDurablyOnce(path: string, bytes: Uint8Array | string, mode = 0o600): Promise<boolean> {
  const part = besideFor(path);
  try {
    await writePart(part, bytes, mode, () => link(part, path));
  } catch (error) {
    if (systemErrorCode(error) === "EEXIST") return false;
    throw error;
  }
  await unlink(part);
  await syncFolder(dirname(path));
  return true;
}

/** Makes what was created, renamed or removed in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes the content of many files, all of them on the disk of `folder`, survive a power cut.
 * One `sync -f` of Linux takes 0.1 s where ten thousand single ones take ten.
 */
export async function syncTogether(paths: readonly string[], folder: string): Promise<void> {
  if (paths.length >= WORTH_ONE_SYNC && (await syncDisk(folder))) return;
  await inParallel(paths, SYNC_WIDTH, syncFile);
}

async function syncDisk(folder: string): Promise<boolean> {
  const synced = await runCommand("sync", ["-f", folder], { deadlineMs: SYNC_DEADLINE_MS });
  return synced.kind === "exited" && synced.code === 0;
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writePart(
  part: string,
  bytes: Uint8Array | string,
  mode: number,
  publish: () => Promise<void>,
): Promise<void> {
  const handle = await open(part, "wx", mode);
  try {
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish();
  } catch (error) {
    await unlink(part).catch(() => {});
    throw error;
  }
}

/** All of a file; null where there is none. Other errors are thrown as the system has them. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  try {
    const handle = await openToRead(path);
    try {
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return null;
    throw error;
  }
}
