import { contentHashOf, type LeftBehind, type Manifest, type ManifestEntry } from "./manifest.ts";
import { asSnapshotResult, type SnapshotResult } from "./problem.ts";
import { openStore, storeManifest } from "./snapshot_store.ts";
import { storeFiles } from "./store_files.ts";
import type { Survey } from "./survey.ts";

export interface Snapshot {
  /** 64 hexadecimal digits: the hash of the manifest. The same folder gives the same id. */
  id: string;
  /** The hash of the code alone; ids differ where only what was left behind does. */
  contentHash: string;
  files: number;
  totalBytes: number;
}

/**
 * Stores what `survey` found to go along. Durable once this answers; on a problem no snapshot exists, only contents
 * that nobody names. A file is stored as it was at one moment: while somebody writes to it, it is read again.
 *
 * @param store  the folder of all snapshots of a yard; its parent has to exist
 */
export function takeSnapshot(survey: Survey, store: string): Promise<SnapshotResult<Snapshot>> {
  return asSnapshotResult(async () => {
    await openStore(store);
    const paths = survey.files.map(({ path }) => path);
    const files = await storeFiles(survey.folder, paths, store);
    const entries: ManifestEntry[] = [
      ...files,
      ...survey.links.map(({ path, target }) => ({ kind: "link" as const, path, target })),
      ...survey.emptyFolders.map((path) => ({ kind: "folder" as const, path })),
    ];
    const leftBehind: LeftBehind[] = survey.leftOut.map(({ path, target }) => ({ path, target }));
    const manifest: Manifest = { format: 1, entries: entries.sort((a, b) => (a.path < b.path ? -1 : 1)), leftBehind };
    return {
      id: await storeManifest(store, manifest),
      contentHash: contentHashOf(manifest),
      files: files.length,
      totalBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  });
}
