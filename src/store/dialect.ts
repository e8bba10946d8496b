import Sqlite from "better-sqlite3";
import { Kysely, PostgresDialect, type RawBuilder, SqliteDialect, sql } from "kysely";
import type { Tables } from "./schema.ts";

export type Db = Kysely<Tables>;

/** What the two databases say differently. Everything else in the store is one text for both. */
export interface Dialect {
  kind: "sqlite" | "postgres";
  /** Numbers from..to as a table with one column `n`. */
  series(from: number, to: number): RawBuilder<unknown>;
  /** The database's own clock, epoch ms. */
  now: RawBuilder<number>;
  /** Column type of a key that the database counts up. */
  countedKey: RawBuilder<unknown>;
  /** What stands behind CREATE TABLE (…): SQLite keeps small rows in their key's own tree. */
  keyedTable: RawBuilder<unknown>;
  /** A number inside a column of JSON text, null where it is none. */
  jsonNumber(column: string, key: string): RawBuilder<number | null>;
}

const sqliteWords: Dialect = {
  kind: "sqlite",
  series: (from, to) =>
    sql`(with recursive series(n) as (select ${from} as n where ${from} <= ${to} union all select n + 1 from series where n < ${to}) select n from series)`,
  now: sql<number>`cast((julianday('now') - 2440587.5) * 86400000 as integer)`,
  countedKey: sql`integer primary key autoincrement`,
  keyedTable: sql`without rowid`,
  jsonNumber: (column, key) =>
    sql<number | null>`case when json_type(${sql.ref(column)}, ${jsonPath(key)}) in ('integer', 'real') then json_extract(${sql.ref(column)}, ${jsonPath(key)}) end`,
};

const postgresWords: Dialect = {
  kind: "postgres",
  series: (from, to) => sql`(select n from generate_series(cast(${from} as bigint), cast(${to} as bigint)) as series(n))`,
  now: sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
  countedKey: sql`bigserial primary key`,
  keyedTable: sql``,
  jsonNumber: (column, key) =>
    sql<number | null>`case when jsonb_typeof(cast(${sql.ref(column)} as jsonb) -> ${key}) = 'number' then cast(cast(${sql.ref(column)} as jsonb) ->> ${key} as double precision) end`,
};

function jsonPath(key: string): string {
  return `$."${key.replaceAll('"', '\\"')}"`;
}

export interface Connections {
  dialect: Dialect;
  /** The one connection that changes things. */
  writer: Db;
  /** Sees what is committed, also while the writer is in the middle of something. */
  reader: Db;
  /** Copies the whole database to a new file (SQLite), before a migration; null where that is the administrator's part. */
  backup: ((path: string) => Promise<void>) | null;
  close(): Promise<void>;
}

/** @param path  of the database file; made where it does not exist, readable by its owner alone */
export function connectSqlite(path: string): Connections {
  const open = (readonly: boolean) => {
    const database = new Sqlite(path, { readonly, timeout: 5000 });
    if (!readonly) {
      database.pragma("journal_mode = WAL");
      database.pragma("synchronous = FULL");
    }
    database.pragma("foreign_keys = OFF");
    database.pragma("cache_size = -16000");
    database.pragma("temp_store = MEMORY");
    return database;
  };
  const main = open(false);
  const writer = new Kysely<Tables>({ dialect: new SqliteDialect({ database: main }) });
  const reader = new Kysely<Tables>({ dialect: new SqliteDialect({ database: open(true) }) });
  return {
    dialect: sqliteWords,
    writer,
    reader,
    backup: async (target) => {
      await main.backup(target);
    },
    close: async () => {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

/** @param url  `postgres://user@host:port/database` */
export async function connectPostgres(url: string): Promise<Connections> {
  const { default: pg } = await import("pg");
  const INT8 = 20;
  const NUMERIC = 1700;
  const types = {
    getTypeParser(oid: number, format?: "text" | "binary") {
      // Counts and instants come as strings otherwise; all of ours stay below 2^53.
      if (oid === INT8 || oid === NUMERIC) return Number;
      return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text");
    },
  };
  const pool = (max: number) => new pg.Pool({ connectionString: url, max, types });
  const writer = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool(1) }) });
  const reader = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool(4) }) });
  return {
    dialect: postgresWords,
    writer,
    reader,
    backup: null,
    close: async () => {
      await reader.destroy();
      await writer.destroy();
    },
  };
}
