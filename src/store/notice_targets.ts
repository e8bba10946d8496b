import type { NoticeSort } from "../core/notice_target.ts";
import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";
import { inPortions } from "./portions.ts";
import type { Tables } from "./schema.ts";

/** Where a user is told of things. */
export interface TargetRow {
  id: number;
  user: string;
  /** Under which the yard's files keep where it is. */
  address: string;
  shown: string;
  /** What it is told unasked. */
  sorts: NoticeSort[];
  createdAt: UnixMs;
}

/** The targets of these users, oldest first. */
export async function selectTargetsOf(db: Db, users: readonly string[]): Promise<TargetRow[]> {
  const rows = await inPortions(users, (some) =>
    db.selectFrom("notice_target").selectAll().where("user_name", "in", some).orderBy("id").execute(),
  );
  return rows.map(readTarget);
}

/** Adds it, or changes of what it is told where the user has it already. */
export async function putTarget(db: Db, target: Omit<TargetRow, "id">): Promise<TargetRow> {
  const row = await db
    .insertInto("notice_target")
    .values({
      user_name: target.user,
      address: target.address,
      shown: target.shown,
      sorts_json: JSON.stringify(target.sorts),
      created_at: target.createdAt,
    })
    .onConflict((conflict) =>
      conflict.columns(["user_name", "address"]).doUpdateSet({ sorts_json: JSON.stringify(target.sorts) }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  return readTarget(row);
}

/** What it was; null where the user has none with this id. What waits to be told there is given up. */
export async function deleteTarget(db: Db, user: string, id: number): Promise<TargetRow | null> {
  const row = await db
    .deleteFrom("notice_target")
    .where("user_name", "=", user)
    .where("id", "=", id)
    .returningAll()
    .executeTakeFirst();
  if (!row) return null;
  await db
    .updateTable("notice")
    .set({ state: "given_up", problem: "The target was taken away." })
    .where("user_name", "=", user)
    .where("address", "=", row.address)
    .where("state", "=", "waiting")
    .execute();
  return readTarget(row);
}

function readTarget(row: Columns): TargetRow {
  return {
    id: row.id,
    user: row.user_name,
    address: row.address,
    shown: row.shown,
    sorts: JSON.parse(row.sorts_json) as NoticeSort[],
    createdAt: row.created_at,
  };
}

type Columns = { [Key in keyof Tables["notice_target"]]: Key extends "id" ? number : Tables["notice_target"][Key] };
