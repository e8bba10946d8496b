import { constants } from "node:fs";
import { chmod, copyFile, lstat, mkdir, rename, rm, statfs, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { besideFor } from "../platform/durable_file.ts";
import { inParallel } from "../platform/in_parallel.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import type { Manifest, ManifestFile } from "./manifest.ts";
import { asSnapshotResult, raise, raiseSystem, type SnapshotResult } from "./problem.ts";
import { blobPath, readManifest } from "./snapshot_store.ts";

const WIDTH = 16;

export interface LayOutOptions {
  /**
   * The folder the snapshot was taken from, if it is on this machine: what was left behind is linked to it, and links
   * that lead out of it are made again. Absent: neither is.
   */
  original?: string;
}

/**
 * Makes `target` a folder with the code of a snapshot, there whole or not at all. It must not exist yet (an empty
 * folder is fine); its parent has to. Files are copies, shared with the store only where the file system splits
 * them at the first write: a run may change its code and harms nobody. Answers the manifest.
 */
export function layOut(
  id: string,
  store: string,
  target: string,
  options: LayOutOptions = {},
): Promise<SnapshotResult<Manifest>> {
  return asSnapshotResult(async () => {
    const read = await readManifest(store, id);
    if (!read.ok) throw raise(read.problem);
    const manifest = read.value;
    await checkRoom(manifest, dirname(target));
    const part = besideFor(target);
    try {
      await mkdir(part, { mode: 0o700 });
      await layOutInto(part, manifest, store, options.original ?? null);
      await publish(part, target);
    } catch (error) {
      await rm(part, { recursive: true, force: true });
      throw raiseSystem(error, "unwritable", target);
    }
    return manifest;
  });
}

/** Everything is made below `folder`, which is new and ours; the manifest's paths were checked when it was read. */
async function layOutInto(folder: string, manifest: Manifest, store: string, original: string | null): Promise<void> {
  const { entries } = manifest;
  const leftBehind = original === null ? [] : manifest.leftBehind;
  const folders = new Set([...entries, ...leftBehind].map(({ path }) => dirname(path)));
  for (const entry of entries) if (entry.kind === "folder") folders.add(entry.path);
  for (const path of [...folders].sort()) await mkdir(join(folder, path), { recursive: true });
  await inParallel(entries, WIDTH, async (entry) => {
    if (entry.kind === "file") await copyBlob(entry, store, join(folder, entry.path));
    if (entry.kind === "link") await symlink(entry.target, join(folder, entry.path));
  });
  await inParallel(leftBehind, WIDTH, ({ path, target }) =>
    symlink(target ?? join(original ?? "", path), join(folder, path)),
  );
}

async function copyBlob(entry: ManifestFile, store: string, path: string): Promise<void> {
  const blob = blobPath(store, entry.sha256);
  try {
    await copyFile(blob, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT")
      throw raise({ code: "blob_missing", sha256: entry.sha256, path: entry.path });
    throw error;
  }
  if (entry.executable) await chmod(path, 0o755);
  if ((await lstat(path)).size !== entry.sizeBytes) {
    throw raise({ code: "blob_missing", sha256: entry.sha256, path: entry.path });
  }
}

/** An empty folder is replaced; whatever else is there makes `rename` refuse. */
async function publish(part: string, target: string): Promise<void> {
  try {
    await rename(part, target);
  } catch (error) {
    if (!isTaken.has(systemErrorCode(error) ?? "")) throw error;
    throw raise({ code: "target_exists", path: target });
  }
}

const isTaken = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR"]);

async function checkRoom(manifest: Manifest, folder: string): Promise<void> {
  const neededBytes = manifest.entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.sizeBytes : 0), 0);
  const { bavail, bsize } = await statfs(folder).catch((error: unknown) => {
    throw raiseSystem(error, "unwritable", folder);
  });
  const freeBytes = bavail * bsize;
  if (neededBytes > freeBytes) throw raise({ code: "no_room", path: folder, neededBytes, freeBytes });
}
