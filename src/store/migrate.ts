import { type Kysely, sql } from "kysely";
import type { Connections, Db, Dialect } from "./dialect.ts";
import { first } from "./migrations/0001_first.ts";
import { runCode } from "./migrations/0002_run_code.ts";
import { ssh } from "./migrations/0003_ssh.ts";
import { workers } from "./migrations/0004_workers.ts";
import { slurm } from "./migrations/0005_slurm.ts";
import { policies } from "./migrations/0006_policies.ts";
import { notices } from "./migrations/0007_notices.ts";
import { machineUse } from "./migrations/0008_machine_use.ts";
import { sessions } from "./migrations/0011_sessions.ts";

export interface Migration {
  name: string;
  up: (db: Kysely<never>, dialect: Dialect) => Promise<void>;
}

/** In the order they were released; only ever appended to. */
export const migrations: readonly Migration[] = [
  { name: "0001_first", up: first },
  { name: "0002_run_code", up: runCode },
  { name: "0003_ssh", up: ssh },
  { name: "0004_workers", up: workers },
  { name: "0005_slurm", up: slurm },
  { name: "0006_policies", up: policies },
  { name: "0007_notices", up: notices },
  { name: "0008_machine_use", up: machineUse },
  { name: "0011_sessions", up: sessions },
];

export type Migrated =
  | { kind: "current" }
  | { kind: "migrated"; from: number; to: number }
  | { kind: "newer"; name: string };

/**
 * Brings the store to this program's form, forward only. Before an existing one is changed, it is copied to
 * `<path>.before-<migration>`. A store that a newer program has written is left alone: the answer is `newer`.
 * Of several yards that start at once one migrates, and the others find it done.
 *
 * @param backupTo  names the copy for a migration; null: the administrator makes backups (PostgreSQL)
 */
export async function migrate(
  { writer, dialect, backup }: Connections,
  backupTo: ((migration: string) => string) | null,
  known = migrations,
): Promise<Migrated> {
  const next = known[(await inTurn(writer, dialect, seenMigrations)).length];
  const isNew = next === known[0];
  if (next && !isNew && backup && backupTo) await backup(backupTo(next.name));
  return inTurn(writer, dialect, async (db) => {
    const seen = await seenMigrations(db);
    const unknown = seen.find((name, position) => known[position]?.name !== name);
    if (unknown !== undefined) return { kind: "newer", name: unknown };
    if (seen.length === known.length) return { kind: "current" };
    for (const [position, migration] of known.entries()) {
      if (position < seen.length) continue;
      await migration.up(db as unknown as Kysely<never>, dialect);
      await sql`insert into migration (name, position) values (${migration.name}, ${position})`.execute(db);
    }
    return { kind: "migrated", from: seen.length, to: known.length };
  });
}

function inTurn<T>(writer: Db, dialect: Dialect, work: (db: Db) => Promise<T>): Promise<T> {
  return writer.transaction().execute(async (transaction) => {
    await dialect.takeTurn(transaction);
    return work(transaction);
  });
}

/** Names, in order. */
async function seenMigrations(db: Db): Promise<string[]> {
  await sql`create table if not exists migration (name text primary key, position integer not null)`.execute(db);
  const { rows } = await sql<{ name: string }>`select name from migration order by position`.execute(db);
  return rows.map((row) => row.name);
}
