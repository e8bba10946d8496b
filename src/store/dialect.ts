import { closeSync, openSync } from "node:fs";
import Sqlite from "better-sqlite3";
import {
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type RawBuilder,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
  sql,
} from "kysely";
import type { Tables } from "./schema.ts";

export type Db = Kysely<Tables>;

/** What the two databases say differently. Everything else in the store is one text for both. */
export interface Dialect {
  kind: "sqlite" | "postgres";
  /** Numbers from..to as a table with one column `n`. */
  series(from: number, to: number): RawBuilder<unknown>;
  /**
   * Rows as a table with these columns. They travel as one parameter, so that the statement stays the same however
   * many there are.
   */
  table(columns: Record<string, ColumnType>, rows: readonly (readonly Cell[])[]): RawBuilder<unknown>;
  /** The database's own clock, epoch ms. */
  now: RawBuilder<number>;
  /** Column type of a key that the database counts up. */
  countedKey: RawBuilder<unknown>;
  /** What stands behind CREATE TABLE (…): SQLite keeps small rows in their key's own tree. */
  keyedTable: RawBuilder<unknown>;
  /** Waits until no other yard changes anything; asked as the first thing in a transaction, and good until its end. */
  takeTurn(transaction: Db): Promise<void>;
}

type ColumnType = "bigint" | "double precision" | "text";
type Cell = string | number | null;

/** PostgreSQL's name for the turn to write: any number will do that all yards of all versions use. */
const TURN = 7_386_421;

const sqliteWords: Dialect = {
  kind: "sqlite",
  series: (from, to) =>
    sql`(with recursive series(n) as (select cast(${from} as integer) where ${from} <= ${to} union all select n + 1 from series where n < ${to}) select n from series)`,
  table: (columns, rows) => sql`(select ${cells(columns)} from json_each(${JSON.stringify(rows)}))`,
  now: sql<number>`cast((julianday('now') - 2440587.5) * 86400000 as integer)`,
  countedKey: sql`integer primary key autoincrement`,
  keyedTable: sql`without rowid`,
  // BEGIN IMMEDIATE has waited already.
  takeTurn: async () => {},
};

const postgresWords: Dialect = {
  kind: "postgres",
  series: (from, to) =>
    sql`(select n from generate_series(cast(${from} as bigint), cast(${to} as bigint)) as series(n))`,
  table: (columns, rows) =>
    sql`(select ${cells(columns)} from json_array_elements(cast(${JSON.stringify(rows)} as json)))`,
  now: sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`,
  countedKey: sql`bigserial primary key`,
  keyedTable: sql``,
  takeTurn: async (transaction) => {
    await sql`select pg_advisory_xact_lock(${sql.lit(TURN)})`.execute(transaction);
  },
};

function cells(columns: Record<string, ColumnType>): RawBuilder<unknown> {
  const named = Object.entries(columns).map(
    ([name, type], at) => sql`cast(value ->> ${sql.lit(at)} as ${sql.raw(type)}) as ${sql.ref(name)}`,
  );
  return sql.join(named);
}

/** The words of the database behind `db`. */
export function wordsOf(db: Db): Dialect {
  return db.getExecutor().adapter instanceof PostgresAdapter ? postgresWords : sqliteWords;
}

/** What both databases can keep of a text: PostgreSQL knows no NUL, and UTF-8 no half of a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
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
  touchPrivately(path);
  const main = openSqlite(path, false);
  const side = openSqlite(path, true);
  const writer = new Kysely<Tables>({ dialect: new SqliteDialect({ database: preparingOnce(main) }) });
  const reader = new Kysely<Tables>({
    dialect: new SqliteDialect({ database: preparingOnce(side) }),
  });
  return {
    dialect: sqliteWords,
    writer,
    reader,
    backup: async (target) => {
      touchPrivately(target);
      await main.backup(target);
    },
    close: async () => {
      // Kysely leaves open what it was never asked anything over; the last to be closed tidies the journal away.
      await reader.destroy();
      side.close();
      await writer.destroy();
      main.close();
    },
  };
}

/** SQLite gives a new file the umask's mode, and its journals the mode of the file. */
function touchPrivately(path: string): void {
  closeSync(openSync(path, "a", 0o600));
}

function openSqlite(path: string, readonly: boolean): Sqlite.Database {
  const database = new Sqlite(path, { readonly, timeout: 5000 });
  if (!readonly) {
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
  }
  database.pragma("foreign_keys = OFF");
  database.pragma("cache_size = -16000");
  database.pragma("temp_store = MEMORY");
  return database;
}

const STATEMENTS_KEPT = 300;
/** A longer statement lists ids and is hardly run again. */
const LONGEST_STATEMENT_KEPT = 4000;

/** Kysely prepares a statement every time it is run; most of the store's are run all the time. */
function preparingOnce(database: Sqlite.Database): SqliteDatabase {
  const kept = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(text) {
      const known = kept.get(text);
      if (known) return known;
      // A transaction that reads first and writes later would fail where another process has written in between.
      const statement = database.prepare<unknown[]>(text === "begin" ? "begin immediate" : text);
      if (text === "rollback") return unlessEnded(database, statement);
      if (text.length > LONGEST_STATEMENT_KEPT) return statement;
      if (kept.size >= STATEMENTS_KEPT) kept.clear();
      kept.set(text, statement);
      return statement;
    },
  };
}

/** SQLite ends a transaction itself where the disk is full; what it said of that is the error to be heard. */
function unlessEnded(database: Sqlite.Database, rollback: Sqlite.Statement<unknown[]>): SqliteStatement {
  return {
    reader: false,
    all: () => [],
    iterate: () => [][Symbol.iterator](),
    run: () => (database.inTransaction ? rollback.run() : { changes: 0, lastInsertRowid: 0 }),
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
  const open = (max: number) => {
    const pool = new pg.Pool({
      connectionString: url,
      max,
      types,
      application_name: "runyard",
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      // A yard that stops in the middle of its turn must not stop the others for ever.
      idle_in_transaction_session_timeout: 15_000,
      lock_timeout: 30_000,
      // Every question goes by a key or an index in its order. Where the statistics lag behind a queue that has just
      // grown or shrunk, the planner would gather and sort a million rows to give out ten.
      options: "-c enable_bitmapscan=off -c jit=off",
    });
    // A connection that breaks is replaced when it is next needed, and who was using it hears of it by a failed question.
    // It also says so itself, idle or between two questions of a transaction; unheard, that would end the process.
    pool.on("error", () => {});
    pool.on("connect", (client) => client.on("error", () => {}));
    return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  };
  const writer = open(1);
  const reader = open(4);
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
