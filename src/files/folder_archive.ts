import { opendir } from "node:fs/promises";
import { Readable } from "node:stream";
import type { TarPackController } from "modern-tar";
import { openBeneath, pathInto } from "../platform/beneath.ts";
import { bad, good } from "../platform/result.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { type OpenedFile, openFile } from "./folder_view.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

const BLOCK_BYTES = 256 * 1024;

/**
 * The plain files below a folder as a tar, packed as it is read; `top` is what they lie in there. Links, devices, and what has a
 * name that is no text stay out. A file that shrinks meanwhile is filled up with zeros, one that grows is cut. What cannot be
 * read is named in a file of its own at the end.
 */
export async function archiveOf(root: string, names: readonly string[], top: string): Promise<FileResult<Readable>> {
  const path = [root, ...names].join("/");
  try {
    const folder = await openBeneath(root, names);
    const isFolder = (await folder.stat()).isDirectory();
    await folder.close();
    if (!isFolder) return bad({ code: "unreadable", path, reason: "it is no folder" });
  } catch (error) {
    return bad(asFileProblem(error, "unreadable", path));
  }
  const { createTarPacker } = await import("modern-tar");
  const { readable, controller } = createTarPacker();
  // Where the reader goes away, adding to it fails.
  void pack(controller, root, names, top).then(controller.finalize, controller.error);
  return good(Readable.fromWeb(readable));
}

async function pack(controller: TarPackController, root: string, names: readonly string[], top: string): Promise<void> {
  const unread: string[] = [];
  const waiting: string[][] = [[]];
  for (let below = waiting.pop(); below; below = waiting.pop()) {
    const listed = await namesIn(root, [...names, ...below]);
    if (listed === null) unread.push(below.join("/"));
    for (const { name, isFolder } of listed ?? []) {
      const entry = [...below, name];
      if (isFolder) waiting.push(entry);
      else if (!(await addFile(controller, root, [...names, ...entry], [top, ...entry].join("/"))))
        unread.push(entry.join("/"));
    }
  }
  if (unread.length === 0) return;
  const text = new TextEncoder().encode(
    `What could not be read, and so is not in this archive:\n${unread.join("\n")}\n`,
  );
  await add(controller, `${top}/not-in-this-archive.txt`, text.length, Date.now(), [text]);
}

/** Folders and files; null: it cannot be read. */
async function namesIn(root: string, names: readonly string[]): Promise<{ name: string; isFolder: boolean }[] | null> {
  try {
    const folder = await openBeneath(root, names);
    try {
      const found = [];
      for await (const entry of await opendir(pathInto(folder, [root, ...names].join("/")))) {
        const isFolder = entry.isDirectory();
        // The system lists bytes; what they are not as text cannot be asked for by name.
        if ((isFolder || entry.isFile()) && !entry.name.includes("\uFFFD")) found.push({ name: entry.name, isFolder });
      }
      return found;
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === null) throw error;
    return null;
  }
}

/** False: it cannot be read. */
async function addFile(
  controller: TarPackController,
  root: string,
  names: readonly string[],
  target: string,
): Promise<boolean> {
  const opened = await openFile(root, names);
  if (!opened.ok) return false;
  const { handle, sizeBytes, modifiedAt } = opened.value;
  try {
    await add(controller, target, sizeBytes, modifiedAt, contentOf(opened.value));
  } finally {
    await handle.close();
  }
  return true;
}

async function add(
  controller: TarPackController,
  name: string,
  size: number,
  modifiedAt: number,
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  const body = controller.add({ name, size, mode: 0o644, mtime: new Date(modifiedAt), type: "file" }).getWriter();
  for await (const block of content) await body.write(block);
  await body.close();
}

/** Exactly so many bytes, whatever becomes of the file: the tar has said how many there are. */
async function* contentOf({ handle, sizeBytes }: OpenedFile): AsyncGenerator<Uint8Array> {
  let at = 0;
  while (at < sizeBytes) {
    const block = Buffer.alloc(Math.min(BLOCK_BYTES, sizeBytes - at));
    const { bytesRead } = await handle.read(block, 0, block.length, at);
    const bytes = bytesRead === 0 ? block.length : bytesRead;
    yield new Uint8Array(block.buffer, block.byteOffset, bytes);
    at += bytes;
  }
}
