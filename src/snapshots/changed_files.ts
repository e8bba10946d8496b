import type { Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { openToRead } from "../platform/durable_file.ts";
import { inParallel } from "../platform/in_parallel.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { hashBlocks } from "./hash_blocks.ts";
import { isRegenerated } from "./leave_out.ts";
import { judgeLink } from "./links.ts";
import type { Manifest, ManifestFile } from "./manifest.ts";

const WIDTH = 8;

/** What a run made or changed in its work folder. Every list is sorted by path. */
export interface Changes {
  files: { path: string; sizeBytes: number }[];
  /** Only those that stay in the folder; others, and those that were laid out, are not spoken of. */
  links: { path: string; target: string }[];
  /** What is there but cannot be read, so that nobody takes the list for complete. */
  unreadable: string[];
}

/**
 * Compares `folder` with the snapshot that was laid out there, by content. No link is followed: what was left behind
 * and is still a link counts as unchanged, what the run put in its place as made. Never fails.
 */
export async function changesSince(folder: string, manifest: Manifest): Promise<Changes> {
  const files = new Map(manifest.entries.flatMap((entry) => (entry.kind === "file" ? [[entry.path, entry]] : [])));
  const links = new Map(
    manifest.entries.flatMap((entry) => (entry.kind === "link" ? [[entry.path, entry.target]] : [])),
  );
  const leftBehind = new Set(manifest.leftBehind.map(({ path }) => path));
  const changes: Changes = { files: [], links: [], unreadable: [] };
  const found: string[] = [];
  await walk("");
  await inParallel(found, WIDTH, compare);
  changes.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  changes.links.sort((a, b) => (a.path < b.path ? -1 : 1));
  changes.unreadable.sort();
  return changes;

  async function walk(path: string): Promise<void> {
    const entries = await readdir(join(folder, path), { withFileTypes: true }).catch(() => null);
    if (entries === null) changes.unreadable.push(path);
    for (const entry of entries ?? []) await visit(path === "" ? entry.name : `${path}/${entry.name}`, entry);
  }

  async function visit(path: string, entry: Dirent): Promise<void> {
    if (entry.isDirectory()) {
      if (!isRegenerated(entry.name)) await walk(path);
    } else if (entry.isSymbolicLink()) {
      if (!leftBehind.has(path)) await visitLink(path);
    } else if (entry.isFile()) {
      found.push(path);
    }
  }

  async function visitLink(path: string): Promise<void> {
    const text = await readlink(join(folder, path)).catch(() => null);
    if (text === null || text === links.get(path)) return;
    const judged = judgeLink(path, text, folder);
    if (judged.kind === "inside") changes.links.push({ path, target: judged.target });
  }

  async function compare(path: string): Promise<void> {
    const full = join(folder, path);
    const laidOut = files.get(path);
    try {
      const { size } = await lstat(full);
      if (laidOut === undefined || size !== laidOut.sizeBytes || !(await holds(full, laidOut))) {
        changes.files.push({ path, sizeBytes: size });
      }
    } catch (error) {
      if (systemErrorCode(error) === null && !(error instanceof Error && "problem" in error)) throw error;
      changes.unreadable.push(path);
    }
  }
}

async function holds(path: string, entry: ManifestFile): Promise<boolean> {
  const handle = await openToRead(path);
  try {
    return (await hashBlocks(path, handle, entry.sizeBytes)) === entry.sha256;
  } finally {
    await handle.close();
  }
}
