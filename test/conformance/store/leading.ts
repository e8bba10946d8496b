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
    expect(await lease.take("a")).toBe(1);
    expect(await lease.take("b")).toBeNull();
    expect(await lease.renew("a")).toBe(true);
    expect(await lease.renew("b")).toBe(false);
  });

  test("a lease that was not renewed is taken over, under a higher epoch, and its old holder hears of it", async () => {
    const lease = await aLease();
    await lease.take("a");
    await lease.age(LEASE_MS + 1000);
    expect(await lease.take("b")).toBe(2);
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
    expect(await lease.take("b")).toBe(2);
  });

  test("a yard that is alone on its store need not wait, and its holder takes the lead anew", async () => {
    const lease = await aLease();
    await lease.take("a");
    expect(await lease.take("b", true)).toBe(2);
    expect(await lease.take("b")).toBe(3);
  });

  test("of many yards that see a lease run out one takes it", async () => {
    const yards = await yardsTogether(kind);
    const epochs = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const { store } = yards[i % yards.length] ?? yards[0];
        return store.write((db) => takeLease(db, store.dialect, `yard${i}`, false));
      }),
    );
    expect(epochs.filter((epoch) => epoch !== null)).toEqual([1]);
  });
}
