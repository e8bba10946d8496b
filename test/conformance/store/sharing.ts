import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { takeAttempts } from "../../../src/store/attempts.ts";
import { readFact, settleFact } from "../../../src/store/facts.ts";
import { migrate } from "../../../src/store/migrate.ts";
import type { Store } from "../../../src/store/store.ts";
import { aStore, MACHINE, opened, steer } from "./a_store.ts";
import type { Kind } from "./place.ts";

/** What only a database has that several yards use at once. */
export function sharing(kind: Kind): void {
  test("of several yards that start at once one migrates", async () => {
    const open = await kind.place();
    const connections = await Promise.all(Array.from({ length: 4 }, open));
    for (const one of connections) onTestFinished(() => one.close());
    const outcomes = await Promise.all(connections.map((one) => migrate(one, null)));
    expect(outcomes.map((one) => one.kind).sort()).toEqual(["current", "current", "current", "migrated"]);
  });

  test("of fifty that ask at once and without their turn one still wins each attempt", async () => {
    const open = await kind.place();
    const yard = steer(await opened(open));
    const stores: Store[] = [];
    for (let i = 0; i < 10; i += 1) stores.push(await opened(open));
    const given = await yard.assign(await yard.submit({ total: 60 }), 60);
    const takers = Array.from({ length: 5 }, () => stores).flat();
    const taken = await Promise.all(takers.map((store, i) => takeAttempts(store.read, MACHINE, `agent${i}`, 2)));
    const winners = taken.flat().map((row) => row.id);
    expect(new Set(winners).size).toBe(winners.length);
    const rest = await yard.take();
    expect([...winners, ...rest].sort()).toEqual(given.map((attempt) => attempt.id).sort());
  });

  test("a server that drops its connections is asked again over new ones", async () => {
    const { store } = await aStore(kind);
    await store.write((db) => settleFact(db, "yard", "y"));
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
      store.read,
    );
    await expect.poll(() => store.write((db) => settleFact(db, "after", "all")).catch(() => null)).toBe("all");
    await expect.poll(() => readFact(store.read, "yard").catch(() => null)).toBe("y");
  });
}
