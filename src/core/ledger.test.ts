import fc from "fast-check";
import { expect, test } from "vitest";
import type { Demand } from "./demand.ts";
import { openLedger } from "./ledger.ts";
import type { Gpu, Machine } from "./machine.ts";

const GB = 1024 ** 3;

function aGpu(index: string, changes: Partial<Gpu> = {}): Gpu {
  return {
    index,
    uuid: `GPU-${index}`,
    name: "A100",
    memoryBytes: 40 * GB,
    usedBytes: 0,
    utilization: 0,
    problem: null,
    others: [],
    ...changes,
  };
}

function aMachine(changes: { cpus?: number; gpus?: Gpu[]; slots?: string[] } = {}): Machine {
  const { cpus = 8, gpus = [], slots = null } = changes;
  const hardware = { cpus, memoryBytes: 64 * GB, gpus, problems: [], unseen: null, reserved: [], blocked: null };
  return {
    id: 1,
    name: "lab1",
    pool: "lab",
    hardware,
    slots,
    drained: false,
    seenAt: 0,
    unreachableSince: null,
    trouble: null,
  };
}

const anything: Demand = { gpus: null, cpus: null, memoryBytes: null };

test("a run that names nothing gets a GPU where there is one, else a core", () => {
  const withGpus = openLedger(aMachine({ gpus: [aGpu("0"), aGpu("1")] }));
  expect(withGpus.place(anything)).toEqual({ devices: "0", gpus: ["0"], cpus: 0, memoryBytes: 0 });
  const without = openLedger(aMachine());
  expect(without.place(anything)).toEqual({ devices: "", gpus: [], cpus: 1, memoryBytes: 0 });
});

test("a GPU that is unhealthy or in someone else's use is not given away", () => {
  const someone = { pid: 4242, user: "u217", name: "python", usedBytes: 18 * GB };
  const gpus = [aGpu("0", { problem: "[Unknown Error]" }), aGpu("1", { others: [someone] }), aGpu("2")];
  const ledger = openLedger(aMachine({ gpus }));
  expect(ledger.place({ ...anything, gpus: 1 })?.devices).toBe("2");
  expect(ledger.place({ ...anything, gpus: 2 })).toBeNull();
  expect(ledger.couldEverHold({ ...anything, gpus: 3 })).toBe(1);
});

test("an explicit slot is not free while one of its GPUs is unhealthy, in someone else's use or another yard's", () => {
  const someone = { pid: 4242, user: "u217", name: "python", usedBytes: null };
  const gpus = [aGpu("0", { problem: "[Unknown Error]" }), aGpu("1", { others: [someone] }), aGpu("2")];
  const machine = aMachine({ gpus, slots: ["0", "1,2", "GPU-1", "MIG-7", "MIG-8", "2"] });
  machine.hardware.reserved.push({ device: "MIG-7", by: someone });
  expect(openLedger(machine).free().slots).toEqual(["MIG-8", "2"]);
});

test("GPUs of a kind are given to those who ask for it, and the smallest that will do to everybody", () => {
  const small = { name: "NVIDIA GeForce RTX 3090", memoryBytes: 24 * GB };
  const gpus = [aGpu("0"), aGpu("1", small), aGpu("2"), aGpu("3", small), aGpu("4", { name: "?", memoryBytes: null })];
  const machine = aMachine({ gpus });
  const given = (demand: Partial<Demand>) => openLedger(machine).place({ ...anything, ...demand })?.gpus;
  expect(given({ gpuKind: { types: ["a100"] } })).toEqual(["0"]);
  expect(given({ gpuKind: { memoryBytes: 20 * GB } })).toEqual(["1"]);
  expect(given({ gpus: 3, gpuKind: { memoryBytes: 20 * GB } })).toEqual(["1", "3", "0"]);
  expect(given({ gpus: 2, gpuKind: { memoryBytes: 30 * GB, types: ["3090", "a100"] } })).toEqual(["0", "2"]);
  expect(given({ gpus: 3, gpuKind: { types: ["a100"] } })).toBeUndefined();
  expect(given({})).toEqual(["4"]);
  // Of two kinds there are two each, and one is a pair.
  expect(given({ gpus: 2 })).toEqual(["1", "3"]);
  const most = (kind: Demand["gpuKind"]) => openLedger(machine).couldEverHold({ ...anything, gpuKind: kind });
  expect([most({ types: ["a100"] }), most({ memoryBytes: 20 * GB }), most({ types: ["h100"] })]).toEqual([2, 4, 0]);
});

test("of explicit slots those suit whose GPUs are all of the kind", () => {
  const small = { name: "NVIDIA GeForce RTX 3090", memoryBytes: 24 * GB };
  const gpus = [aGpu("0"), aGpu("1", small), aGpu("2")];
  const ledger = openLedger(aMachine({ gpus, slots: ["", "0,1", "1", "GPU-2", "MIG-7"] }));
  const slotOf = (demand: Partial<Demand>) => ledger.place({ ...anything, ...demand })?.devices;
  expect(slotOf({ gpuKind: { types: ["a100"] } })).toBe("GPU-2");
  expect(slotOf({ gpuKind: { memoryBytes: 20 * GB } })).toBe("0,1");
  expect(slotOf({ gpus: 2, gpuKind: { types: ["a100"] } })).toBeUndefined();
});

test("a machine without GPUs is none for those who ask for a kind of them", () => {
  const ledger = openLedger(aMachine());
  const demand = { ...anything, gpuKind: { types: ["a100"] } };
  expect([ledger.place(demand), ledger.couldEverHold(demand)]).toEqual([null, 0]);
});

test("explicit slots take one run each, whatever the machine's cores", () => {
  const ledger = openLedger(aMachine({ cpus: 1, slots: ["0", "0,1", "", "0"] }));
  const pair = ledger.place({ ...anything, gpus: 2 });
  expect(pair?.gpus).toEqual(["0", "1"]);
  expect(ledger.place({ ...anything, gpus: 0 })?.devices).toBe("");
  for (const devices of ["0", "0,1", "", "0"]) {
    const slot = ledger.place(anything);
    expect(slot).not.toBeNull();
    if (slot) ledger.hold(slot);
    expect(["0", "0,1", "", "0"]).toContain(devices);
  }
  expect(ledger.place(anything)).toBeNull();
});

test("cores and memory that were asked for count in explicit slots too", () => {
  const ledger = openLedger(aMachine({ cpus: 2, slots: ["", ""] }));
  const both = ledger.place({ gpus: null, cpus: 2, memoryBytes: null });
  if (both) ledger.hold(both);
  expect(ledger.place({ gpus: null, cpus: 1, memoryBytes: null })).toBeNull();
  expect(ledger.place(anything)?.devices).toBe("");
});

test("a slot that is no longer listed drains: it is held, and not given again", () => {
  const before = openLedger(aMachine({ slots: ["0", "1"] }));
  const held = before.place(anything);
  const after = openLedger(aMachine({ slots: ["1"] }));
  if (held) after.hold(held);
  expect(after.free().slots).toEqual(["1"]);
});

test("a slot is the GPUs it names, by index or by UUID, and holds on to them when counting comes back", () => {
  const gpus = [aGpu("0"), aGpu("1")];
  const held = openLedger(aMachine({ gpus, slots: ["GPU-1"] })).place(anything);
  expect(held).toMatchObject({ devices: "GPU-1", gpus: ["1"] });
  const byIndex = openLedger(aMachine({ gpus, slots: ["0", "1"] }));
  const counted = openLedger(aMachine({ gpus }));
  for (const ledger of [byIndex, counted]) if (held) ledger.hold(held);
  expect(byIndex.free().slots).toEqual(["0"]);
  expect(counted.free().gpus).toEqual(["0"]);
});

test("while a removed slot drains, its GPUs are in no other slot, unless more slots name them", () => {
  const pair = openLedger(aMachine({ slots: ["0,1"] })).place(anything);
  const freeIn = (slots: string[]) => {
    const ledger = openLedger(aMachine({ slots }));
    if (pair) ledger.hold(pair);
    return ledger.free().slots;
  };
  expect(freeIn(["0", "1", "2"])).toEqual(["2"]);
  expect(freeIn(["0", "0", "1"])).toEqual(["0", "0"]);
  expect(freeIn(["1,0", ""])).toEqual([""]);
});

test("whatever is asked, nothing is given twice or beyond what is there, and all comes back", () => {
  const demands = fc.array(
    fc.record({
      gpus: fc.option(fc.integer({ min: 0, max: 4 })),
      cpus: fc.option(fc.integer({ min: 1, max: 8 })),
      memoryBytes: fc.option(fc.integer({ min: 1, max: 64 }).map((gb) => gb * GB)),
    }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(demands, (asked) => {
      const ledger = openLedger(aMachine({ gpus: ["0", "1", "2", "3"].map((index) => aGpu(index)) }));
      const slots = asked.flatMap((demand) => {
        const slot = ledger.place(demand);
        if (slot) ledger.hold(slot);
        return slot ? [slot] : [];
      });
      const gpus = slots.flatMap((slot) => slot.gpus);
      expect(new Set(gpus).size).toBe(gpus.length);
      expect(slots.reduce((sum, slot) => sum + slot.cpus, 0)).toBeLessThanOrEqual(8);
      expect(slots.reduce((sum, slot) => sum + slot.memoryBytes, 0)).toBeLessThanOrEqual(64 * GB);
      for (const slot of slots) ledger.release(slot);
      expect(ledger.free()).toEqual({ gpus: ["0", "1", "2", "3"], cpus: 8, memoryBytes: 64 * GB, slots: null });
    }),
  );
});
