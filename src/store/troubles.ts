import type { UnixMs } from "../core/run.ts";
import { keyOf, type Trouble } from "../core/trouble.ts";
import { type Db, storable } from "./dialect.ts";

/** Something that is wrong, has been told of, and is not known to be over. */
export interface KnownTrouble {
  key: string;
  since: UnixMs;
  trouble: Trouble;
  /** The users who may help. */
  helpers: string[];
}

/** Oldest first. */
export async function selectKnownTroubles(db: Db): Promise<KnownTrouble[]> {
  const rows = await db.selectFrom("known_trouble").selectAll().orderBy("since").orderBy("key").execute();
  return rows.map(({ key, since, trouble_json, helpers_json }) => {
    return { key, since, trouble: JSON.parse(trouble_json), helpers: JSON.parse(helpers_json) };
  });
}

export async function insertKnownTrouble(
  db: Db,
  { trouble, helpers, since }: Omit<KnownTrouble, "key">,
): Promise<void> {
  await db
    .insertInto("known_trouble")
    .values({
      key: storable(keyOf(trouble)),
      since,
      trouble_json: JSON.stringify(trouble).toWellFormed(),
      helpers_json: JSON.stringify(helpers),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function deleteKnownTroubles(db: Db, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await db.deleteFrom("known_trouble").where("key", "in", keys).execute();
}
