import type { SnapshotResult } from "./problem.ts";
import { takeSnapshot } from "./take_snapshot.ts";

/** The id of the snapshot of no code at all: whoever runs with it works in an empty folder. It is made where it is missing. */
export async function emptySnapshot(store: string): Promise<SnapshotResult<string>> {
  const nothing = { folder: store, files: [], links: [], emptyFolders: [], leftOut: [], totalBytes: 0 };
  const taken = await takeSnapshot(nothing, store);
  return taken.ok ? { ok: true, value: taken.value.id } : taken;
}
