import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { type Connections, connectSqlite } from "../../../src/store/dialect.ts";
import { settleFact } from "../../../src/store/facts.ts";
import { type Migration, migrate, migrations } from "../../../src/store/migrate.ts";
import { aFolder } from "../../helpers/a_folder.ts";
import type { Kind } from "./place.ts";

const colour: Migration = {
  name: "9999_colour",
  up: async (db) => {
    await sql`alter table job add column colour text`.execute(db);
  },
};
const broken: Migration = {
  name: "9999_broken",
  up: async (db) => {
    await sql`alter table job add column colour text`.execute(db);
    await sql`insert into no_such_table values (1)`.execute(db);
  },
};

async function connected(open: () => Promise<Connections>): Promise<Connections> {
  const connections = await open();
  onTestFinished(() => connections.close());
  return connections;
}

export function migrating(kind: Kind): void {
  test("an empty database is migrated once", async () => {
    const open = await kind.place();
    const to = migrations.length;
    expect(await migrate(await connected(open), null)).toEqual({ kind: "migrated", from: 0, to });
    expect(await migrate(await connected(open), null)).toEqual({ kind: "current" });
  });

  test("what a newer program has written is refused and left as it is", async () => {
    const connections = await connected(await kind.place());
    await migrate(connections, null, [...migrations, colour]);
    expect(await migrate(connections, null)).toEqual({ kind: "newer", name: "9999_colour" });
    await sql`select colour from job`.execute(connections.reader);
  });

  test("a migration keeps what is there", async () => {
    const connections = await connected(await kind.place());
    await migrate(connections, null);
    await settleFact(connections.writer, "yard", "y1");
    const [from, to] = [migrations.length, migrations.length + 1];
    expect(await migrate(connections, null, [...migrations, colour])).toEqual({ kind: "migrated", from, to });
    expect(await settleFact(connections.writer, "yard", "other")).toBe("y1");
  });

  test("a migration that fails leaves nothing behind", async () => {
    const connections = await connected(await kind.place());
    await migrate(connections, null);
    await expect(migrate(connections, null, [...migrations, broken])).rejects.toThrow();
    expect((await migrate(connections, null, [...migrations, colour])).kind).toBe("migrated");
  });
}

/** What only a database in a file has. */
export function migratingAFile(): void {
  test("a store that is closed is one file with everything in it", async () => {
    const folder = await aFolder();
    const connections = connectSqlite(join(folder, "yard.db"));
    await migrate(connections, null);
    await connections.close();
    expect(readdirSync(folder)).toEqual(["yard.db"]);
  });

  test("an existing database is copied before it is changed, for its owner's eyes alone", async () => {
    const folder = await aFolder();
    const path = join(folder, "yard.db");
    const connections = await connected(async () => connectSqlite(path));
    const backupTo = (migration: string) => `${path}.before-${migration}`;
    await migrate(connections, backupTo);
    await settleFact(connections.writer, "yard", "y1");
    await migrate(connections, backupTo, [...migrations, colour]);
    const copy = await connected(async () => connectSqlite(`${path}.before-9999_colour`));
    expect(await migrate(copy, null)).toEqual({ kind: "current" });
    expect(await settleFact(copy.writer, "yard", "other")).toBe("y1");
    for (const name of ["yard.db", "yard.db-wal", "yard.db.before-9999_colour"]) {
      expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
    }
    expect(() => readFileSync(backupTo("0001_first"))).toThrow();
  });
}
