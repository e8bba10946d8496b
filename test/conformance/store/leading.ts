import { expect, test } from "vitest";
import { LEASE_MS, renewLease, takeLease } from "../../../src/store/lease.ts";
import { aStore, yardsTogether } from "./a_store.ts";
import type { Kind } from "./place.ts";

export function leading(kind: Kind): void {
  async function aLease() {
    const { store } = await aStore(kind);
    return {
      take: (holder: string, alone = false) => store.write((db) => takeLease(db, store.dialect, holder, alone)),
      renew: (holder: string) => store.write((db) => renewLease(db, store.dialect, holder)),
      setBack: (epoch: number) => store.write((db) => db.updateTable("lease").set({ epoch }).execute()),
      age: (byMs: number) =>
        store.write((db) =>
          db
            .updateTable("lease")
            .set((lease) => ({ renewed_at: lease("renewed_at", "-", byMs) }))
            .execute(),
        ),
    };
  }

  test("the first yard leads, and another one waits while its lease is fresh", async () => {
    const lease = await aLease();
    expect(await lease.take("a")).toBeGreaterThan(0);
    expect(await lease.take("b")).toBeNull();
    expect(await lease.renew("a")).toBe(true);
    expect(await lease.renew("b")).toBe(false);
  });

  test("a lease that was not renewed is taken over, under a higher epoch, and its old holder hears of it", async () => {
    const lease = await aLease();
    const first = await lease.take("a");
    await lease.age(LEASE_MS + 1000);
    expect(await lease.take("b")).toBeGreaterThan(first ?? 0);
    expect(await lease.renew("a")).toBe(false);
    expect(await lease.take("a")).toBeNull();
  });

  test("a renewed lease counts from its renewal", async () => {
    const lease = await aLease();
    await lease.take("a");
    await lease.age(LEASE_MS + 1000);
    await lease.renew("a");
    expect(await lease.take("b")).toBeNull();
  });

  test("a clock set back does not keep everyone out", async () => {
    const lease = await aLease();
    await lease.take("a");
    await lease.age(-3_600_000);
    expect(await lease.take("b")).not.toBeNull();
  });

  test("a yard that is alone on its store need not wait, and its holder takes the lead anew", async () => {
    const lease = await aLease();
    const first = (await lease.take("a")) ?? 0;
    const second = (await lease.take("b", true)) ?? 0;
    expect(second).toBeGreaterThan(first);
    expect(await lease.take("b")).toBeGreaterThan(second);
  });

  test("of many yards that see a lease run out one takes it", async () => {
    const yards = await yardsTogether(kind);
    const epochs = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const { store } = yards[i % yards.length] ?? yards[0];
        return store.write((db) => takeLease(db, store.dialect, `yard${i}`, false));
      }),
    );
    expect(epochs.filter((epoch) => epoch !== null)).toHaveLength(1);
  });

  test("a store brought back from a backup begins at an epoch that nobody has seen", async () => {
    const lease = await aLease();
    const before = (await lease.take("a", true)) ?? 0;
    await lease.setBack(before - 1000);
    expect(await lease.take("a", true)).toBeGreaterThanOrEqual(before);
  });
}
