import { type Kysely, sql } from "kysely";
import type { Connections, Dialect } from "./dialect.ts";
import { first } from "./migrations/0001_first.ts";

/** In the order they were released; only ever appended to. */
const migrations: { name: string; up: (db: Kysely<never>, dialect: Dialect) => Promise<void> }[] = [
  { name: "0001_first", up: first },
];

export type Migrated = { kind: "current" } | { kind: "migrated"; from: number; to: number } | { kind: "newer"; name: string };

/**
 * Brings the store to this program's form, forward only. Before an existing one is changed, it is copied to
 * `<path>.before-<migration>`. A store that a newer program has written is left alone: the answer is `newer`.
 *
 * @param backupTo  names the copy for a migration; null: the administrator makes backups (PostgreSQL)
 */
export async function migrate(
  { writer, dialect, backup }: Connections,
  backupTo: ((migration: string) => string) | null,
): Promise<Migrated> {
  const db = writer as unknown as Kysely<never>;
  await sql`create table if not exists migration (name text primary key, position integer not null)`.execute(db);
  const { rows } = await sql<{ name: string }>`select name from migration order by position`.execute(db);
  const unknown = rows.find((row, position) => migrations[position]?.name !== row.name);
  if (unknown) return { kind: "newer", name: unknown.name };
  const pending = migrations.slice(rows.length);
  const next = pending[0];
  if (!next) return { kind: "current" };
  if (rows.length > 0 && backup && backupTo) await backup(backupTo(next.name));
  await db.transaction().execute(async (transaction) => {
    for (const [offset, migration] of pending.entries()) {
      await migration.up(transaction, dialect);
      const position = rows.length + offset;
      await sql`insert into migration (name, position) values (${migration.name}, ${position})`.execute(transaction);
    }
  });
  return { kind: "migrated", from: rows.length, to: migrations.length };
}
