import Sqlite from "better-sqlite3";

/** A lock that the operating system takes back when its holder dies, however it dies. */
export interface Lock {
  release(): void;
}

/** Takes the lock at `path` for the life of this process; null where another process holds it. */
export function takeLock(path: string): Lock | null {
  const database = new Sqlite(path, { timeout: 0 });
  try {
    database.exec("begin exclusive");
  } catch (error) {
    database.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY")) return null;
    throw error;
  }
  return { release: () => database.close() };
}
