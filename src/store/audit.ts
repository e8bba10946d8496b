import { sql } from "kysely";
import type { Page } from "../core/page.ts";
import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";
import { paged, type SortColumn } from "./pages.ts";

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

/** Which entries a list shows. Null: it does not matter. */
export interface AuditFilter {
  user: string | null;
  action: string | null;
  target: string | null;
}

const id = sql.ref("id");
/** What entries can be listed by: as they came, or the other way round. */
export const auditColumns: Record<"id", SortColumn<{ id: number }>> = {
  id: { by: id, of: (entry) => entry.id, kind: "whole", isAlwaysThere: true },
};

export async function selectAudit(db: Db, { user, action, target }: AuditFilter, page: Page<"id">) {
  const { behind, order } = paged(page, auditColumns, id);
  let query = db.selectFrom("audit").selectAll().where(behind).orderBy(order).limit(page.limit);
  if (user !== null) query = query.where("user_name", "=", user);
  if (action !== null) query = query.where("action", "=", action);
  if (target !== null) query = query.where("target", "=", target);
  return (await query.execute()).map((row) => ({
    id: row.id,
    at: row.at,
    user: row.user_name,
    action: row.action,
    target: row.target,
    detail: JSON.parse(row.detail_json) as Record<string, unknown>,
  }));
}
