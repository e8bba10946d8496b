import { USUAL_POLICY } from "../core/policies/known_policies.ts";
import type { PoolRules } from "../core/policies/rules.ts";
import type { Db } from "./dialect.ts";

export interface PoolRow {
  name: string;
  driver: string;
  /** By the name that users give. */
  policy: string;
  rules: PoolRules;
  paused: boolean;
  /** Whose account its runs execute under: nobody else's runs go there unless it is shared. */
  owner: string;
  shared: boolean;
}

export async function selectPools(db: Db): Promise<PoolRow[]> {
  const rows = await db.selectFrom("pool").selectAll().orderBy("name").execute();
  return rows.map(({ rules_json, ...row }) => {
    const rules = rules_json === null ? {} : (JSON.parse(rules_json) as PoolRules);
    return { ...row, rules, paused: row.paused === 1, shared: row.shared === 1 };
  });
}

/** Makes the pool known; one that is known keeps what was set. */
export async function ensurePool(db: Db, name: string, driver: string, owner: string): Promise<void> {
  await db
    .insertInto("pool")
    .values({ name, driver, policy: USUAL_POLICY, paused: 0, owner, shared: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** `shared`: whether the pool runs everyone's work, as its owner. */
export async function setPool(
  db: Db,
  name: string,
  changes: { shared?: boolean | undefined; policy?: string | undefined; rules?: PoolRules | undefined },
): Promise<void> {
  const set = {
    ...(changes.shared !== undefined && { shared: changes.shared ? 1 : 0 }),
    ...(changes.policy !== undefined && { policy: changes.policy }),
    ...(changes.rules !== undefined && { rules_json: JSON.stringify(changes.rules) }),
  };
  if (Object.keys(set).length > 0) await db.updateTable("pool").set(set).where("name", "=", name).execute();
}

/** Pauses or resumes one pool's queue, or all of them. */
export async function pausePools(db: Db, name: string | null, paused: boolean): Promise<void> {
  let update = db.updateTable("pool").set({ paused: paused ? 1 : 0 });
  if (name !== null) update = update.where("name", "=", name);
  await update.execute();
}
