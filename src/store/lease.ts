import { sql } from "kysely";
import type { Db, Dialect } from "./dialect.ts";

/** How long a yard that does not renew its lease still counts as the leader. By the database's clock. */
export const LEASE_MS = 15_000;

/**
 * Takes the lead for `holder` and returns the new epoch; null while another holder's lease is fresh.
 *
 * @param alone  the caller knows that no other yard lives on this store (a lock on the home): no need to wait
 */
export async function takeLease(db: Db, dialect: Dialect, holder: string, alone: boolean): Promise<number | null> {
  const row = await db
    .selectFrom("lease")
    .select(["holder", "epoch", "renewed_at"])
    .select(sql<number>`${dialect.now}`.as("now"))
    .where("id", "=", 1)
    .executeTakeFirst();
  if (!row) {
    await sql`insert into lease (id, holder, epoch, renewed_at) values (1, ${holder}, 1, ${dialect.now})`.execute(db);
    return 1;
  }
  if (!alone && row.holder !== holder && row.now - row.renewed_at < LEASE_MS) return null;
  const epoch = row.epoch + 1;
  await db
    .updateTable("lease")
    .set({ holder, epoch, renewed_at: dialect.now })
    .where("id", "=", 1)
    .where("epoch", "=", row.epoch)
    .execute();
  return epoch;
}

/** Says that `holder` still leads; false where another one has taken over. */
export async function renewLease(db: Db, dialect: Dialect, holder: string): Promise<boolean> {
  const result = await db
    .updateTable("lease")
    .set({ renewed_at: dialect.now })
    .where("id", "=", 1)
    .where("holder", "=", holder)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
