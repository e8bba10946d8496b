import { expect, test } from "vitest";
import { type MachineUse, oneLook, UNWATCHED } from "../../../src/core/gpu_use.ts";
import { plainHardware } from "../../../src/core/machine.ts";
import type { AttemptId } from "../../../src/core/run.ts";
import { coarseGrain, fineGrain, startOf } from "../../../src/core/use_history.ts";
import { selectHolders } from "../../../src/store/holders.ts";
import { selectLastLook, selectSlots, setMachine, updateHardware } from "../../../src/store/machines.ts";
import type { Store } from "../../../src/store/store.ts";
import { addUse, forgetUse, selectUse } from "../../../src/store/use.ts";
import { aStore, MACHINE, NOW } from "./a_store.ts";
import type { Kind } from "./place.ts";

const MINUTE = startOf(fineGrain, NOW);
const TEN_MINUTES = startOf(coarseGrain, NOW);
const DAY_MS = 24 * 3_600_000;
const MIB = 1024 ** 2;

function gpus(...utilization: number[]): MachineUse {
  return new Map(utilization.map((share, index) => [String(index), oneLook(share, 300 * MIB)]));
}

async function kept(store: Store, grain = fineGrain, machines = [MACHINE]) {
  const found = await selectUse(store.read, machines, grain, 0, NOW + DAY_MS);
  return [...found].flatMap(([machine, samples]) =>
    samples.map(({ at, gpus }) => [machine, at, ...[...gpus.values()].map(({ mean, peak }) => [mean, peak])]),
  );
}

export function using(kind: Kind): void {
  test("what was seen of a minute comes together, by minutes and by ten of them", async () => {
    const { store } = await aStore(kind);
    const see = (at: number, use: MachineUse) => store.write((db) => addUse(db, [{ machine: MACHINE, at, gpus: use }]));
    await see(MINUTE, gpus(0.5, 0));
    await see(MINUTE, gpus(1));
    await see(MINUTE - 60_000, gpus(0));
    expect(startOf(coarseGrain, MINUTE - 60_000)).toBe(TEN_MINUTES);
    expect(await kept(store)).toEqual([
      [MACHINE, MINUTE - 60_000, [0, 0]],
      [MACHINE, MINUTE, [0.75, 1], [0, 0]],
    ]);
    expect(await kept(store, coarseGrain)).toEqual([[MACHINE, TEN_MINUTES, [0.5, 1], [0, 0]]]);
  });

  test("what is kept of a GPU is read as it was said, also what its tool does not tell", async () => {
    const { store } = await aStore(kind);
    const uses = [
      ["0", { ...oneLook(0.123, 79 * 1024 * MIB), heldMs: 60_000, idleMs: 15_000 }],
      ["1", oneLook(null, 5 * MIB)],
      ["GPU-5f3c", UNWATCHED],
    ] as const;
    await store.write((db) => addUse(db, [{ machine: MACHINE, at: MINUTE, gpus: new Map(uses) }]));
    const [sample] = (await selectUse(store.read, [MACHINE], fineGrain, MINUTE, MINUTE + 1)).get(MACHINE) ?? [];
    expect([...(sample?.gpus ?? [])]).toEqual(uses);
  });

  test("machines are told apart, and only what lies in the time asked for is read", async () => {
    const { store } = await aStore(kind);
    const seen = [1, 2, 3].map((machine) => ({ machine, at: MINUTE, gpus: gpus(machine / 10) }));
    await store.write((db) => addUse(db, seen));
    expect(await kept(store, fineGrain, [1, 3, 9])).toEqual([
      [1, MINUTE, [0.1, 0.1]],
      [3, MINUTE, [0.3, 0.3]],
    ]);
    const before = await selectUse(store.read, [1], fineGrain, MINUTE - 60_000, MINUTE);
    expect(before).toEqual(new Map([[1, []]]));
  });

  test("minutes are kept for a day and ten of them for a week; then they are forgotten, a portion at a time", async () => {
    const { store } = await aStore(kind);
    for (const daysAgo of [0, 0.9, 1.1, 1.2, 6.9, 7.1]) {
      const at = startOf(fineGrain, NOW - daysAgo * DAY_MS);
      await store.write((db) => addUse(db, [{ machine: MACHINE, at, gpus: gpus(daysAgo / 10) }]));
    }
    const forget = () => store.write((db) => forgetUse(db, NOW, 1));
    expect(await forget()).toBe(true);
    while (await forget());
    const peaks = async (grain: typeof fineGrain) =>
      (await kept(store, grain)).map(([, , seen]) => (seen as number[])[1]);
    expect(await peaks(fineGrain)).toEqual([0.09, 0]);
    expect(await peaks(coarseGrain)).toEqual([0.69, 0.12, 0.11, 0.09, 0]);
  });

  test("who runs on a machine is told with what it has and what its job asked for", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const demand = { gpus: 1, gpuKind: { memoryBytes: 24 * 1024 * MIB }, cpus: null, memoryBytes: null };
    const job = await yard.submit({ total: 3, demand, name: "train" });
    const [first] = await yard.assign(job, 2);
    await yard.start(first?.id as AttemptId);
    const told = [{ run: `${job}.1`, job: "train", user: "ada", demand, startedAt: NOW + 1, gpuMemoryPeakBytes: null }];
    expect((await selectHolders(store.read, [MACHINE])).get(MACHINE)).toMatchObject(told);
    expect((await selectHolders(store.read, null)).get(MACHINE)).toHaveLength(1);
    expect(await selectHolders(store.read, [MACHINE + 1])).toEqual(new Map());
    await yard.end(first?.id as AttemptId);
    expect(await selectHolders(store.read, null)).toEqual(new Map());
  });

  test("the last look at a machine's GPUs is known, and what its slots are", async () => {
    const { store } = await aStore(kind);
    expect(await selectLastLook(store.read, MACHINE)).toBeNull();
    const hardware = plainHardware(1, { gpu: { idleSince: NOW - 1 } });
    await store.write((db) => updateHardware(db, MACHINE, hardware, NOW));
    expect(await selectLastLook(store.read, MACHINE)).toMatchObject({ seenAt: NOW, gpus: [{ idleSince: NOW - 1 }] });
    expect(await selectSlots(store.read, "lab1")).toBeNull();
    await store.write((db) => setMachine(db, "lab1", { slots: ["0", ""] }));
    expect(await selectSlots(store.read, "lab1")).toEqual(["0", ""]);
    expect(await selectSlots(store.read, "lab9")).toBeUndefined();
  });
}
