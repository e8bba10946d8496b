import { join } from "node:path";
import { type Connections, connectPostgres, connectSqlite } from "../../../src/store/dialect.ts";
import { aFolder } from "../../helpers/a_folder.ts";
import type { Postgres } from "../../testbed/postgres.ts";

/** A database of one kind, on which the suite is run. */
export interface Kind {
  name: string;
  /** How many yards may use it at once. */
  yards: number;
  /** Makes an empty database; each call of the answer opens it once more. */
  place(): Promise<() => Promise<Connections>>;
}

export const sqlite: Kind = {
  name: "SQLite",
  yards: 1,
  async place() {
    const path = join(await aFolder(), "yard.db");
    return async () => connectSqlite(path);
  },
};

export function postgres(server: Postgres): Kind {
  return {
    name: "PostgreSQL",
    yards: 8,
    async place() {
      const url = await server.database();
      return () => connectPostgres(url);
    },
  };
}
