import { expect, onTestFinished, test, vi } from "vitest";
import { aStore, MACHINE, NOW, type Steered } from "../../test/conformance/store/a_store.ts";
import { sqlite } from "../../test/conformance/store/place.ts";
import { until } from "../../test/helpers/until.ts";
import { plainHardware } from "../core/machine.ts";
import { coarseGrain, fineGrain, startOf } from "../core/use_history.ts";
import type { Db } from "../store/dialect.ts";
import { updateHardware } from "../store/machines.ts";
import type { Store } from "../store/store.ts";
import { selectUse } from "../store/use.ts";
import { openUses } from "./uses.ts";

const MINUTE_MS = 60_000;
const MIB = 1024 ** 2;

/** A yard that is told of one GPU on its only machine, at times of the test's own. */
function aWatch({ store }: Pick<Steered, "store">) {
  let now = startOf(coarseGrain, NOW);
  const clock = { now: () => now, steady: () => now };
  const errors: unknown[] = [];
  let uses = openUses(store, clock, (error) => errors.push(error));
  onTestFinished(() => uses.close());
  return {
    errors,
    uses: () => uses,
    start: now,
    async look(utilization: number | null, { mib = 0, times = 1, everyMs = 10_000 } = {}) {
      let seen = null;
      for (let time = 0; time < times; time += 1) {
        now += everyMs;
        const hardware = await uses.hear(MACHINE, plainHardware(1, { gpu: { utilization, usedBytes: mib * MIB } }));
        await store.write((db) => updateHardware(db, MACHINE, hardware, now));
        seen = hardware.gpus[0]?.idleSince;
      }
      return seen;
    },
    pass(ms: number) {
      now += ms;
    },
    now: () => now,
    async restart() {
      await uses.close();
      uses = openUses(store, clock, (error) => errors.push(error));
    },
  };
}

async function kept(store: Store, grain = fineGrain) {
  const found = await selectUse(store.read, [MACHINE], grain, 0, NOW + 24 * 60 * MINUTE_MS);
  return (found.get(MACHINE) ?? []).map(({ at, gpus }) => ({ at, ...gpus.get("0") }));
}

test("what is heard within a minute is kept as its mean and its peaks, and a silent minute is missing", async () => {
  const steered = await aStore(sqlite);
  const watch = aWatch(steered);
  await watch.look(0.2, { mib: 100 });
  await watch.look(1, { mib: 900 });
  await watch.look(0.6, { mib: 200 });
  watch.pass(2 * MINUTE_MS);
  await watch.look(0.1);
  expect(watch.uses().unwritten(MACHINE)).toHaveLength(2);
  await watch.restart();
  expect(watch.uses().unwritten(MACHINE)).toEqual([]);
  expect(await kept(steered.store)).toMatchObject([
    { at: watch.start, looks: 3, mean: 0.6, peak: 1, usedBytes: 900 * MIB, heldMs: 0 },
    { at: watch.start + 2 * MINUTE_MS, looks: 1, mean: 0.1, peak: 0.1 },
  ]);
  expect(await kept(steered.store, coarseGrain)).toMatchObject([{ at: watch.start, looks: 4, peak: 1 }]);
});

test("a yard that is started anew goes on with the minute it stopped in, and remembers since when a GPU is idle", async () => {
  const steered = await aStore(sqlite);
  const watch = aWatch(steered);
  const since = await watch.look(0);
  expect(since).toBe(watch.now());
  await watch.restart();
  expect(await watch.look(0.02)).toBe(since);
  await watch.restart();
  expect(await watch.look(0.9)).toBeNull();
  await watch.restart();
  expect(await kept(steered.store)).toMatchObject([{ looks: 3, peak: 0.9 }]);
});

test("a minute is written by itself when it is over, also when it could not be at first", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const { store } = await aStore(sqlite);
  let isAway = true;
  const write: Store["write"] = (work) =>
    isAway ? Promise.reject(new Error("the store is away")) : store.write(work as (db: Db) => Promise<never>);
  const watch = aWatch({ store: { ...store, write: (work) => write(work) } });
  await expect(watch.look(0.5)).rejects.toThrow();
  watch.pass(MINUTE_MS);
  vi.advanceTimersByTime(5000);
  await until(() => watch.errors.length > 0, "it could not be written");
  expect(watch.uses().unwritten(MACHINE)).toHaveLength(1);
  isAway = false;
  await until(async () => {
    vi.advanceTimersByTime(5000);
    return (await kept(store)).length > 0;
  }, "it is written");
  expect(await kept(store)).toMatchObject([{ at: watch.start, looks: 1, peak: 0.5 }]);
  expect(watch.uses().unwritten(MACHINE)).toEqual([]);
});

test("the time for which a run has a GPU is counted, and of that what it has left idle for ten minutes or more", async () => {
  const steered = await aStore(sqlite);
  const watch = aWatch(steered);
  await watch.look(0, { times: 60 });
  await watch.restart();
  const job = await steered.submit({ demand: { gpus: 1, cpus: null, memoryBytes: null } });
  const [attempt] = await steered.assign(job);
  if (!attempt) throw new Error("its run waits");
  await steered.store.write((db) =>
    db
      .updateTable("attempt")
      .set({ status: "running", started_at: watch.now(), slot_json: '{"devices":"0","gpus":["0"]}' })
      .execute(),
  );
  // Every minute is written as it ends, as a yard does it.
  for (let minute = 0; minute < 15; minute += 1) {
    await watch.look(0.01, { times: 6 });
    await watch.restart();
  }
  await watch.look(0.5, { times: 6 });
  await watch.restart();
  const sum = (uses: { heldMs?: number; idleMs?: number }[]) =>
    uses.reduce(
      (all: number[], { heldMs = 0, idleMs = 0 }) => [(all[0] ?? 0) + heldMs, (all[1] ?? 0) + idleMs],
      [0, 0],
    );
  const [heldMs, idleMs] = sum(await kept(steered.store));
  expect(heldMs).toBe(16 * MINUTE_MS);
  // The first ten minutes are its own affair.
  expect(idleMs).toBe(6 * MINUTE_MS);
  expect(sum(await kept(steered.store, coarseGrain))).toEqual([heldMs, idleMs]);
});
