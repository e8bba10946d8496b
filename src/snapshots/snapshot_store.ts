import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder, writeDurably } from "../platform/durable_file.ts";
import { makePrivateFolder } from "../platform/private_folder.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { type Manifest, manifestText, parseManifest, snapshotIdOf } from "./manifest.ts";
import { asSnapshotResult, raise, raiseSystem, type SnapshotResult } from "./problem.ts";

/**
 * Where snapshots lie: `blobs/ab/<sha256>` holds every content once, `manifests/<id>.json` what a snapshot consists of.
 * A blob is complete from the moment it has its name, and is never written to again.
 */
export function blobPath(store: string, sha256: string): string {
  return join(store, "blobs", sha256.slice(0, 2), sha256);
}

/** Where contents lie until they are whole and on disk. */
export function partsFolder(store: string): string {
  return join(store, "parts");
}

function manifestPath(store: string, id: string): string {
  return join(store, "manifests", `${id}.json`);
}

/** Makes the store's folders where they are missing. Raises a problem where others govern one of them. */
export async function openStore(store: string): Promise<void> {
  for (const folder of [store, join(store, "blobs"), join(store, "manifests"), partsFolder(store)])
    await openFolder(folder);
  await syncFolder(store);
}

export async function openFolder(folder: string): Promise<void> {
  const objection = await makePrivateFolder(folder).catch((error: unknown) => {
    throw raiseSystem(error, "unwritable", folder);
  });
  if (objection !== null) throw raise({ code: "unwritable", path: folder, reason: `it is ${objection}` });
}

/** Whether the store holds a blob of that content; its length is compared, its bytes are not. */
export async function hasBlob(store: string, sha256: string, sizeBytes: number): Promise<boolean> {
  try {
    return (await stat(blobPath(store, sha256))).size === sizeBytes;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return false;
    throw raiseSystem(error, "unwritable", blobPath(store, sha256));
  }
}

/** Stores a manifest durably, and answers its id. */
export async function storeManifest(store: string, manifest: Manifest): Promise<string> {
  const text = manifestText(manifest);
  const id = snapshotIdOf(text);
  const path = manifestPath(store, id);
  await writeDurably(path, text).catch((error: unknown) => {
    throw raiseSystem(error, "unwritable", path);
  });
  return id;
}

/** Reads the manifest of snapshot `id`. What is not exactly what the id says, or names a path outside, is refused. */
export function readManifest(store: string, id: string): Promise<SnapshotResult<Manifest>> {
  return asSnapshotResult(async () => {
    if (!/^[0-9a-f]{64}$/.test(id)) throw raise({ code: "no_such_snapshot", id });
    const path = manifestPath(store, id);
    const text = await readFile(path, "utf8").catch((error: unknown) => {
      if (systemErrorCode(error) === "ENOENT") throw raise({ code: "no_such_snapshot", id });
      throw raiseSystem(error, "unreadable", path);
    });
    if (snapshotIdOf(text) !== id) throw raise({ code: "bad_manifest", id, detail: "its manifest is damaged" });
    const parsed = parseManifest(text);
    if ("detail" in parsed) throw raise({ code: "bad_manifest", id, detail: parsed.detail });
    return parsed.manifest;
  });
}
