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
    .where("id", "=", 1)
    .executeTakeFirst();
  const { rows: clock } = await sql<{ now: number }>`select ${dialect.now} as now`.execute(db);
  const now = clock[0]?.now ?? 0;
  // A clock set back by more than that must not keep everyone out until it has caught up.
  const isFresh = row !== undefined && Math.abs(now - row.renewed_at) < LEASE_MS;
  if (isFresh && !alone && row.holder !== holder) return null;
  // Not below the time: a store brought back from a backup must not begin again at an epoch that spools have seen.
  const epoch = Math.max((row?.epoch ?? 0) + 1, Math.floor(now / 1000));
  // The epoch read above is compared again as it is written: of several that saw a lease run out, one takes it.
  const { rows } =
    await sql`insert into lease (id, holder, epoch, renewed_at) values (1, ${holder}, ${epoch}, ${dialect.now})
    on conflict (id) do update set holder = excluded.holder, epoch = excluded.epoch, renewed_at = excluded.renewed_at
    where lease.epoch = ${row?.epoch ?? 0} returning id`.execute(db);
  return rows.length === 1 ? epoch : null;
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

/** Whether a yard has taken the lead under a later epoch than this one. */
export async function isDeposed(db: Db, epoch: number): Promise<boolean> {
  const row = await db.selectFrom("lease").select("epoch").where("id", "=", 1).executeTakeFirst();
  return row !== undefined && row.epoch > epoch;
}
