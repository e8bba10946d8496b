import type { Db } from "./dialect.ts";

export interface PoolRow {
  name: string;
  driver: string;
  policy: string;
  paused: boolean;
  /** Whose account its runs execute under: nobody else's runs go there unless it is shared. */
  owner: string;
  shared: boolean;
}

export async function selectPools(db: Db): Promise<PoolRow[]> {
  const rows = await db.selectFrom("pool").selectAll().orderBy("name").execute();
  return rows.map((row) => ({ ...row, paused: row.paused === 1, shared: row.shared === 1 }));
}

/** Makes the pool known; one that is known keeps what was set. */
export async function ensurePool(db: Db, name: string, driver: string, owner: string): Promise<void> {
  await db
    .insertInto("pool")
    .values({ name, driver, policy: "backfill", paused: 0, owner, shared: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Whether the pool runs everyone's work, as its owner. */
export async function sharePool(db: Db, name: string, shared: boolean): Promise<void> {
  await db
    .updateTable("pool")
    .set({ shared: shared ? 1 : 0 })
    .where("name", "=", name)
    .execute();
}

/** Pauses or resumes one pool's queue, or all of them. */
export async function pausePools(db: Db, name: string | null, paused: boolean): Promise<void> {
  let update = db.updateTable("pool").set({ paused: paused ? 1 : 0 });
  if (name !== null) update = update.where("name", "=", name);
  await update.execute();
}
