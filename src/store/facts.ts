import type { UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

/** What is true of the whole yard. `yard`: its id, made once. */
export async function readFact(db: Db, name: string): Promise<string | null> {
  const row = await db.selectFrom("fact").select("value").where("name", "=", name).executeTakeFirst();
  return row?.value ?? null;
}

/** Writes something, to see whether that works. */
export async function proveWritable(db: Db, now: UnixMs): Promise<void> {
  await db
    .insertInto("fact")
    .values({ name: "written_at", value: String(now) })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value: String(now) }))
    .execute();
}

/** Keeps a fact that must not change once it is known: the first value stays, and is returned. */
export async function settleFact(db: Db, name: string, value: string): Promise<string> {
  await db
    .insertInto("fact")
    .values({ name, value })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await readFact(db, name)) ?? value;
}
