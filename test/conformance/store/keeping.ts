import { expect, test } from "vitest";
import { insertAudit, selectAudit } from "../../../src/store/audit.ts";
import { readFact, settleFact } from "../../../src/store/facts.ts";
import {
  ensureMachine,
  introduceAgent,
  selectMachines,
  setMachine,
  updateHardware,
} from "../../../src/store/machines.ts";
import { ensurePool, pausePools, selectPools } from "../../../src/store/pools.ts";
import { insertToken, renewToken, revokeToken, selectTokens, selectValidToken } from "../../../src/store/tokens.ts";
import { aStore, NOW } from "./a_store.ts";
import type { Kind } from "./place.ts";

const hardware = {
  cpus: 8,
  memoryBytes: 2 ** 40 + 1,
  gpus: [],
  problems: ["nvidia-smi hangs"],
  unseen: null,
  reserved: [],
  blocked: null,
};
const HOUR_MS = 3_600_000;

const anyEntry = { user: null, action: null, target: null };
const latestFirst = { key: "id", descending: true } as const;

export function keeping(kind: Kind): void {
  test("a fact keeps its first value", async () => {
    const { store } = await aStore(kind);
    expect(await readFact(store.read, "yard")).toBeNull();
    const said = await Promise.all(["a", "b"].map((value) => store.write((db) => settleFact(db, "yard", value))));
    expect(said).toEqual(["a", "a"]);
    expect(await readFact(store.read, "yard")).toBe("a");
  });

  test("a token counts until it expires or is revoked, and is revoked once", async () => {
    const { store } = await aStore(kind);
    const token = { user_name: "ada", role: "user" as const, label: "laptop", created_at: NOW, revoked_at: null };
    await store.write(async (db) => {
      await insertToken(db, { ...token, id: "t1", hash: "h1", expires_at: NOW + HOUR_MS, made_by: null });
      await insertToken(db, { ...token, id: "t2", hash: "h2", expires_at: null, role: "admin", made_by: null });
    });
    const user = async (hash: string, now: number) => (await selectValidToken(store.read, hash, now))?.id ?? null;
    expect(await user("h1", NOW)).toBe("t1");
    expect(await user("h1", NOW + HOUR_MS)).toBeNull();
    expect(await user("h2", NOW + 1e12)).toBe("t2");
    expect(await user("h3", NOW)).toBeNull();
    expect(await store.write((db) => revokeToken(db, "t2", NOW))).toMatchObject({ id: "t2", revoked_at: NOW });
    expect(await store.write((db) => revokeToken(db, "t2", NOW))).toBeNull();
    expect(await user("h2", NOW)).toBeNull();
    const shown = await selectTokens(store.read);
    expect(shown.map(({ id, revoked_at }) => [id, revoked_at])).toEqual([
      ["t1", null],
      ["t2", NOW],
    ]);
    expect(JSON.stringify(shown)).not.toContain("h1");
  });

  test("what a token has made ends with it, and nothing else does", async () => {
    const { store } = await aStore(kind);
    const token = { user_name: "ada", role: "user" as const, label: "", created_at: NOW, revoked_at: null };
    const made = [
      { id: "t1", hash: "h1", made_by: null },
      { id: "t2", hash: "h2", made_by: "t1" },
      { id: "t3", hash: "h3", made_by: null },
    ];
    await store.write(async (db) => {
      for (const one of made) await insertToken(db, { ...token, ...one, expires_at: NOW + HOUR_MS });
    });
    await store.write((db) => renewToken(db, "t2", NOW + 2 * HOUR_MS));
    const good = async () => {
      const rows = made.map(({ hash }) => selectValidToken(store.read, hash, NOW));
      return (await Promise.all(rows)).map((row) => row?.expires_at ?? null);
    };
    expect(await good()).toEqual([NOW + HOUR_MS, NOW + 2 * HOUR_MS, NOW + HOUR_MS]);
    await store.write((db) => revokeToken(db, "t1", NOW));
    expect(await good()).toEqual([null, null, NOW + HOUR_MS]);
  });

  test("the audit log is read from its end, a page at a time", async () => {
    const { store } = await aStore(kind);
    for (let i = 1; i <= 5; i += 1) {
      const entry = { at: NOW + i, user: "ada", action: "cancel", target: `${i}`, detail: { runs: i } };
      await store.write((db) => insertAudit(db, entry));
    }
    const page = await selectAudit(store.read, anyEntry, { ...latestFirst, after: null, limit: 2 });
    expect(page.map(({ id: _, ...entry }) => entry)).toEqual([
      { at: NOW + 5, user: "ada", action: "cancel", target: "5", detail: { runs: 5 } },
      { at: NOW + 4, user: "ada", action: "cancel", target: "4", detail: { runs: 4 } },
    ]);
    const id = page.at(-1)?.id ?? 0;
    const rest = await selectAudit(store.read, anyEntry, { ...latestFirst, after: { value: id, id }, limit: 10 });
    expect(rest.map((entry) => entry.target)).toEqual(["3", "2", "1"]);
    const of = async (filter: object) =>
      (await selectAudit(store.read, { ...anyEntry, ...filter }, { ...latestFirst, after: null, limit: 10 })).length;
    expect([await of({ user: "ada", action: "cancel" }), await of({ target: "3" }), await of({ user: "bob" })]).toEqual(
      [5, 1, 0],
    );
  });

  test("a pool is made once and paused alone or with all", async () => {
    const { store } = await aStore(kind);
    await store.write(async (db) => {
      await ensurePool(db, "local", "agent", "ada");
      await ensurePool(db, "lab", "ssh", "ada");
      await pausePools(db, "lab", true);
      await ensurePool(db, "lab", "agent", "ada");
    });
    const paused = async () => (await selectPools(store.read)).map((pool) => [pool.name, pool.driver, pool.paused]);
    expect(await paused()).toEqual([
      ["lab", "ssh", true],
      ["local", "agent", false],
    ]);
    await store.write((db) => pausePools(db, null, true));
    expect(await paused()).toEqual([
      ["lab", "ssh", true],
      ["local", "agent", true],
    ]);
  });

  test("a machine that is known keeps its hardware, slots and id", async () => {
    const { store } = await aStore(kind);
    const hello = { agent: "a1", hardware, bootId: "b", host: "lab1", address: "10.0.0.5", spool: "/s" };
    await store.write((db) => introduceAgent(db, "lab1", hello, NOW));
    await store.write((db) => setMachine(db, "lab1", { slots: ["0", "0,1", "", "0"], drained: true }));
    await store.write((db) => ensureMachine(db, "lab1", "other"));
    const [machine] = await selectMachines(store.read);
    expect(machine).toEqual({
      cluster: null,
      hasQueue: false,
      id: 1,
      address: "10.0.0.5",
      name: "lab1",
      pool: "local",
      hardware,
      slots: ["0", "0,1", "", "0"],
      drained: true,
      agent: "a1",
      boot_id: "b",
      spool: "/s",
      seenAt: NOW,
      driver: "agent",
      login: null,
    });
    await store.write((db) => setMachine(db, "lab1", { slots: null, drained: false }));
    await store.write((db) => updateHardware(db, 1, { ...hardware, cpus: 4 }, NOW + 1));
    const [changed] = await selectMachines(store.read);
    expect(changed).toMatchObject({ slots: null, drained: false, hardware: { cpus: 4 }, seenAt: NOW + 1, agent: "a1" });
  });
}
