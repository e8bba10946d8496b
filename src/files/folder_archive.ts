import { opendir } from "node:fs/promises";
import { Readable } from "node:stream";
import { openBeneath, pathInto } from "../platform/beneath.ts";
import { bad, good } from "../platform/result.ts";
import { openFile } from "./folder_view.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

/** Above this the list itself would be too much to hold. */
const MOST_FILES = 200_000;
const BLOCK_BYTES = 256 * 1024;

interface Found {
  /** Below the folder that is packed. */
  names: string[];
  sizeBytes: number;
  modifiedAt: number;
}

/**
 * The plain files below a folder as a tar, read as they are sent; `top` is what they lie in there. Links, devices, and what
 * has a name that is no text stay out. A file that shrinks meanwhile is filled up with zeros, one that grows is cut.
 */
export async function archiveOf(root: string, names: readonly string[], top: string): Promise<FileResult<Readable>> {
  const path = [root, ...names].join("/");
  let files: Found[];
  try {
    files = await filesBelow(root, names);
  } catch (error) {
    return bad(asFileProblem(error, "unreadable", path));
  }
  if (files.length > MOST_FILES)
    return bad({
      code: "unreadable",
      path,
      reason: `it holds more than ${MOST_FILES} files, too many for one archive`,
    });
  const { packTar } = await import("modern-tar/fs");
  return good(
    packTar(
      files.map((file) => ({
        type: "stream",
        content: Readable.from(contentOf(root, [...names, ...file.names], file.sizeBytes)),
        target: [top, ...file.names].join("/"),
        size: file.sizeBytes,
        mode: 0o644,
        mtime: new Date(file.modifiedAt),
      })),
    ),
  );
}

/** Stops when there are too many. */
async function filesBelow(root: string, names: readonly string[]): Promise<Found[]> {
  const files: Found[] = [];
  const waiting: string[][] = [[]];
  for (let below = waiting.pop(); below; below = waiting.pop()) {
    const folder = await openBeneath(root, [...names, ...below]);
    try {
      const within = pathInto(folder, [root, ...names, ...below].join("/"));
      for await (const entry of await opendir(within)) {
        if (entry.name.includes("\uFFFD")) continue;
        if (entry.isDirectory()) waiting.push([...below, entry.name]);
        if (!entry.isFile()) continue;
        const opened = await openFile(root, [...names, ...below, entry.name]);
        if (!opened.ok) continue;
        const { handle, sizeBytes, modifiedAt } = opened.value;
        await handle.close();
        files.push({ names: [...below, entry.name], sizeBytes, modifiedAt });
        if (files.length > MOST_FILES) return files;
      }
    } finally {
      await folder.close();
    }
  }
  return files;
}

/** Exactly so many bytes, whatever has become of the file: the tar has said how many there are. */
async function* contentOf(root: string, names: readonly string[], sizeBytes: number): AsyncGenerator<Buffer> {
  const opened = await openFile(root, names);
  let at = 0;
  if (opened.ok) {
    const { handle } = opened.value;
    try {
      while (at < sizeBytes) {
        const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, sizeBytes - at));
        const { bytesRead } = await handle.read(block, 0, block.length, at);
        if (bytesRead === 0) break;
        yield block.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  }
  for (; at < sizeBytes; at += BLOCK_BYTES) yield Buffer.alloc(Math.min(BLOCK_BYTES, sizeBytes - at));
}
