import type { Stats } from "node:fs";
import { join } from "node:path";
import { openToRead } from "../platform/durable_file.ts";
import { inParallel } from "../platform/in_parallel.ts";
import { type BlobWriter, blobWriter } from "./blob_writer.ts";
import { hashBlocks } from "./hash_blocks.ts";
import type { ManifestFile } from "./manifest.ts";
import { raise, raiseSystem } from "./problem.ts";

const WIDTH = 16;
const MAX_TRIES = 5;

/**
 * Stores the content of `paths` below `folder`, durably, and answers their manifest entries in the same order.
 * Raises a problem with the first file that cannot be stored; nothing is kept then.
 */
export async function storeFiles(folder: string, paths: readonly string[], store: string): Promise<ManifestFile[]> {
  const blobs = blobWriter(store);
  const stored: ManifestFile[] = [];
  try {
    await inParallel(paths, WIDTH, async (path, index) => {
      stored[index] = await storeFile(blobs, path, join(folder, path));
    });
    await blobs.publish();
  } finally {
    await blobs.clear();
  }
  return stored;
}

async function storeFile(blobs: BlobWriter, path: string, source: string): Promise<ManifestFile> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const entry = await storeOnce(blobs, path, source);
    if (entry !== null) return entry;
  }
  throw raise({ code: "keeps_changing", path: source });
}

/** Null where the file changed meanwhile. */
async function storeOnce(blobs: BlobWriter, path: string, source: string): Promise<ManifestFile | null> {
  const handle = await openToRead(source).catch((error: unknown) => {
    throw raiseSystem(error, "unreadable", source);
  });
  try {
    const before = await handle.stat();
    const sha256 = await hashBlocks(source, handle, before.size);
    if (!isUnchanged(before, await handle.stat())) return null;
    if (!(await blobs.write({ source, handle, sha256, sizeBytes: before.size }))) return null;
    return { kind: "file", path, sizeBytes: before.size, sha256, executable: (before.mode & 0o100) !== 0 };
  } finally {
    await handle.close();
  }
}

function isUnchanged(before: Stats, after: Stats): boolean {
  return before.size === after.size && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs;
}
