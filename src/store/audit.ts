import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

export interface AuditEntry {
  at: UnixMs;
  user: string;
  /** The verb, as in every other layer: `cancel`, `submit`, `set`, … */
  action: string;
  /** What it was done to: `12`, `12.3`, `machine local`. */
  target: string;
  detail: Record<string, unknown>;
}

export async function insertAudit(db: Db, entry: AuditEntry): Promise<void> {
  await db
    .insertInto("audit")
    .values({
      at: entry.at,
      user_name: entry.user,
      action: entry.action,
      target: entry.target,
      detail_json: JSON.stringify(entry.detail),
    })
    .execute();
}

/** The latest entries first, those before `before` (an id; null: from the end). */
export async function selectAudit(db: Db, before: number | null, limit: number) {
  let query = db.selectFrom("audit").selectAll().orderBy("id", "desc").limit(limit);
  if (before !== null) query = query.where("id", "<", before);
  const rows = await query.execute();
  return rows.map((row) => ({
    id: row.id,
    at: row.at,
    user: row.user_name,
    action: row.action,
    target: row.target,
    detail: JSON.parse(row.detail_json) as Record<string, unknown>,
  }));
}
