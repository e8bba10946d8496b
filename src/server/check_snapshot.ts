import { type Refused, refuse } from "../core/failure.ts";
import { readManifest } from "../snapshots/snapshot_store.ts";
import type { Yard } from "./yard.ts";

/** Refuses code that the yard does not have. Null: there is nothing against it. */
export async function checkSnapshot({ files }: Pick<Yard, "files">, snapshot: string | null): Promise<Refused | null> {
  if (snapshot === null || (await readManifest(files.snapshots, snapshot)).ok) return null;
  return refuse({ code: "no_such_snapshot", snapshot });
}
