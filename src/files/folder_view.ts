import type { Dirent, Stats } from "node:fs";
import { type FileHandle, lstat, opendir, readlink } from "node:fs/promises";
import { openBeneath, pathInto } from "../platform/beneath.ts";
import { bad, good } from "../platform/result.ts";
import { asFileProblem, type FileResult } from "./problem.ts";

/** What lies in a folder that a run has written, and nobody has looked through before. */
export interface SeenEntry {
  name: string;
  /** `other`: a device, a pipe, a socket, or what has a name that is no text. */
  kind: "folder" | "file" | "link" | "other";
  /** In bytes; null: it has none of its own. */
  sizeBytes: number | null;
  /** Epoch ms. */
  modifiedAt: number;
  /** What a link says, wherever that leads: it is not followed. Null: it is no link. */
  target: string | null;
}

export interface SeenFolder {
  entries: SeenEntry[];
  /** Where to go on; null: that was all. */
  next: string | null;
}

const AT_ONCE = 512;

/**
 * A page of a folder: folders first, each kind by name. Of a folder with very many entries no more than a page is kept in
 * memory. No link is followed.
 *
 * @param after  the `next` of the page before; null: from the beginning
 */
export async function listFolder(
  root: string,
  names: readonly string[],
  { after, limit }: { after: string | null; limit: number },
): Promise<FileResult<SeenFolder>> {
  const path = [root, ...names].join("/");
  try {
    const folder = await openBeneath(root, names);
    try {
      const within = pathInto(folder, path);
      const kept = await firstOf(within, after, limit + 1);
      const entries = [];
      for (const key of kept.slice(0, limit)) {
        const entry = await look(within, key.slice(1));
        if (entry) entries.push(entry);
      }
      return good({ entries, next: kept.length > limit ? (kept[limit - 1] ?? null) : null });
    } finally {
      await folder.close();
    }
  } catch (error) {
    return bad(asFileProblem(error, "unreadable", path));
  }
}

/** The first `count` keys behind `after`, in order. */
async function firstOf(folder: string, after: string | null, count: number): Promise<string[]> {
  const kept: string[] = [];
  const cut = () => {
    kept.sort();
    kept.splice(count);
  };
  for await (const entry of await opendir(folder, { bufferSize: AT_ONCE })) {
    const key = keyOf(entry);
    if (after !== null && key <= after) continue;
    kept.push(key);
    if (kept.length >= count + AT_ONCE) cut();
  }
  cut();
  return kept;
}

/** Sorts folders before all else. */
function keyOf(entry: Dirent): string {
  return `${entry.isDirectory() ? 0 : 1}${entry.name}`;
}

/** Null: it has gone meanwhile. */
async function look(folder: string, name: string): Promise<SeenEntry | null> {
  const path = `${folder}/${name}`;
  // The system lists bytes; what they are not as text cannot be asked for by name.
  const isText = !name.includes("\uFFFD");
  const stats = await lstat(path).catch(() => null);
  if (!stats) return isText ? null : { name, kind: "other", sizeBytes: null, modifiedAt: 0, target: null };
  const kind = kindOf(stats);
  return {
    name,
    kind,
    sizeBytes: kind === "file" ? stats.size : null,
    modifiedAt: Math.round(stats.mtimeMs),
    target: kind === "link" ? await readlink(path).catch(() => null) : null,
  };
}

function kindOf(stats: Stats): SeenEntry["kind"] {
  if (stats.isDirectory()) return "folder";
  if (stats.isSymbolicLink()) return "link";
  return stats.isFile() ? "file" : "other";
}

/** A file to be read, with what it was when it was opened. Whoever opens it closes it. */
export interface OpenedFile {
  handle: FileHandle;
  sizeBytes: number;
  modifiedAt: number;
}

/** Opens a plain file; what is none (a pipe, a device, a link) is a problem, and never waited for. */
export async function openFile(root: string, names: readonly string[]): Promise<FileResult<OpenedFile>> {
  const path = [root, ...names].join("/");
  try {
    const handle = await openBeneath(root, names);
    const stats = await handle.stat();
    if (stats.isFile()) return good({ handle, sizeBytes: stats.size, modifiedAt: Math.round(stats.mtimeMs) });
    await handle.close();
    return bad({ code: "unreadable", path, reason: stats.isDirectory() ? "it is a folder" : "it is no plain file" });
  } catch (error) {
    return bad(asFileProblem(error, "unreadable", path));
  }
}
