import { sql } from "kysely";
import { expect, test } from "vitest";
import { insertAudit, selectAudit } from "../../../src/store/audit.ts";
import { readFact, settleFact } from "../../../src/store/facts.ts";
import { aStore, NOW, opened } from "./a_store.ts";
import type { Kind } from "./place.ts";

export function grouping(kind: Kind): void {
  test("what is written at once is kept in the order asked", async () => {
    const { store } = await aStore(kind);
    const entry = (target: number) => ({ at: NOW, user: "ada", action: "set", target: `${target}`, detail: {} });
    await Promise.all(Array.from({ length: 600 }, (_, i) => store.write((db) => insertAudit(db, entry(i)))));
    const kept = (
      await selectAudit(
        store.read,
        { user: null, action: null, target: null },
        { key: "id", descending: false, after: null, limit: 1000 },
      )
    ).map((one) => Number(one.target));
    expect(kept).toEqual(Array.from({ length: 600 }, (_, i) => i));
  });

  test("a work that fails is undone and harms no other in its group", async () => {
    const { store } = await aStore(kind);
    const outcomes = await Promise.allSettled([
      store.write((db) => settleFact(db, "a", "1")),
      store.write(async (db) => {
        await settleFact(db, "b", "1");
        throw new Error("no");
      }),
      store.write(async (db) => {
        await settleFact(db, "c", "1");
        await sql`insert into no_such_table values (1)`.execute(db);
      }),
      store.write((db) => settleFact(db, "d", "1")),
    ]);
    expect(outcomes.map((one) => one.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    const kept = await Promise.all(["a", "b", "c", "d"].map((name) => readFact(store.read, name)));
    expect(kept).toEqual(["1", null, null, "1"]);
    expect(await store.write((db) => settleFact(db, "b", "2"))).toBe("2");
  });

  test("what is asked for before the store is closed is written", async () => {
    const open = await kind.place();
    const store = await opened(open);
    const written = store.write((db) => settleFact(db, "last", "word"));
    await store.settled();
    expect(await readFact((await opened(open)).read, "last")).toBe("word");
    await written;
  });

  test("readers see what is committed and nothing else", async () => {
    const { store } = await aStore(kind);
    const seen: (string | null)[] = [];
    await store.write(async (db) => {
      await settleFact(db, "yard", "y");
      seen.push(await readFact(store.read, "yard"));
    });
    seen.push(await readFact(store.read, "yard"));
    expect(seen).toEqual([null, "y"]);
  });
}
