import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder, syncTogether } from "../platform/durable_file.ts";
import { inParallel } from "../platform/in_parallel.ts";
import { hashBlocks } from "./hash_blocks.ts";
import { raiseSystem } from "./problem.ts";
import { blobPath, hasBlob, openFolder, partsFolder } from "./snapshot_store.ts";

const WIDTH = 16;
/** The folders around it keep others out; laid-out copies take this mode over. */
const BLOB_MODE = 0o644;

/** The open file whose content is to be stored, and what was found when it was read. */
interface Content {
  source: string;
  handle: FileHandle;
  sha256: string;
  sizeBytes: number;
}

/** Stores contents, many at once: reaching the disk costs most of the time, and is done once for all. */
export interface BlobWriter {
  /** Keeps the content, unless the store has it. False where it is no longer what was hashed. */
  write(content: Content): Promise<boolean>;
  /** Makes everything that was written last, and gives it its name. */
  publish(): Promise<void>;
  /** Removes what was written and not published. */
  clear(): Promise<void>;
}

export function blobWriter(store: string): BlobWriter {
  /** By content: the file that will become its blob. */
  const parts = new Map<string, string>();
  const shelves = new Set<string>();

  async function write({ source, handle, sha256, sizeBytes }: Content): Promise<boolean> {
    // Also of one that was there before: who wrote it may have died before its name reached the disk.
    shelves.add(dirname(blobPath(store, sha256)));
    if (parts.has(sha256) || (await hasBlob(store, sha256, sizeBytes))) return true;
    const part = join(partsFolder(store), randomUUID());
    try {
      const written = await copy(source, handle, sizeBytes, part);
      if (written === sha256 && !parts.has(sha256)) parts.set(sha256, part);
      else await unlink(part);
      return written === sha256;
    } catch (error) {
      await unlink(part).catch(() => {});
      throw raiseSystem(error, "unwritable", part);
    }
  }

  async function publish(): Promise<void> {
    try {
      await inParallel([...shelves], WIDTH, openFolder);
      await syncTogether([...parts.values()], partsFolder(store));
      await inParallel([...parts], WIDTH, async ([sha256, part]) => {
        await rename(part, blobPath(store, sha256));
        parts.delete(sha256);
      });
      await inParallel([join(store, "blobs"), ...shelves], WIDTH, syncFolder);
    } catch (error) {
      throw raiseSystem(error, "unwritable", store);
    }
  }

  async function clear(): Promise<void> {
    await inParallel([...parts.values()], WIDTH, (part) => unlink(part).catch(() => {}));
    parts.clear();
  }

  return { write, publish, clear };
}

/** Copies to a new file, and answers the hash of what went there. */
async function copy(source: string, from: FileHandle, sizeBytes: number, path: string): Promise<string> {
  const to = await open(path, "wx", BLOB_MODE);
  try {
    await to.chmod(BLOB_MODE);
    return await hashBlocks(source, from, sizeBytes, (block) => to.writeFile(block));
  } finally {
    await to.close();
  }
}
