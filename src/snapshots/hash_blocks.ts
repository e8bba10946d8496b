import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { raiseSystem } from "./problem.ts";

const BLOCK_BYTES = 1024 * 1024;

/**
 * The SHA-256 of the first `sizeBytes` of an open file, in hexadecimal; `each` sees every block on the way.
 * Raises a problem with `path` where the file cannot be read.
 */
export async function hashBlocks(
  path: string,
  handle: FileHandle,
  sizeBytes: number,
  each: (block: Buffer) => Promise<void> = async () => {},
): Promise<string> {
  const hash = createHash("sha256");
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, sizeBytes));
  for (let at = 0; at < sizeBytes; ) {
    const { bytesRead } = await handle
      .read(block, 0, Math.min(block.length, sizeBytes - at), at)
      .catch((error: unknown) => {
        throw raiseSystem(error, "unreadable", path);
      });
    if (bytesRead === 0) break;
    const read = block.subarray(0, bytesRead);
    hash.update(read);
    await each(read);
    at += bytesRead;
  }
  return hash.digest("hex");
}
