import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

/** What has been told of as wrong and is not known to be over, by its key. */
export async function selectKnownTroubles(db: Db): Promise<Set<string>> {
  const rows = await db.selectFrom("known_trouble").select("key").execute();
  return new Set(rows.map(({ key }) => key));
}

export async function insertKnownTrouble(db: Db, key: string, since: UnixMs): Promise<void> {
  await db
    .insertInto("known_trouble")
    .values({ key, since })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function deleteKnownTroubles(db: Db, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await db.deleteFrom("known_trouble").where("key", "in", keys).execute();
}
