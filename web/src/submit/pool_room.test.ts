import { expect, test } from "vitest";
import type { Machine } from "../../../src/api/machine.ts";
import { poolRoom } from "./pool_room.ts";

function aMachine(wishes: Partial<Machine>) {
  return {
    status: "idle",
    drained: false,
    cpus: 8,
    gpus: [],
    slots: null,
    running: [],
    driver: "agent",
    ...wishes,
  } as Machine;
}

function aGpu(wishes: Partial<Machine["gpus"][number]> = {}) {
  return { heldBy: [], others: [], problem: null, ...wishes } as unknown as Machine["gpus"][number];
}

const other = { pid: 7, user: "ada", name: "python3", usedBytes: null };

test("GPUs are free that nobody holds, neither our runs nor others, and that work", () => {
  const busy = [aGpu(), aGpu({ heldBy: ["1.1"] }), aGpu({ others: [other] }), aGpu({ problem: "lost" })];
  expect(poolRoom([aMachine({ gpus: busy }), aMachine({ gpus: [aGpu()] })])).toEqual({
    text: "2 of 5 GPUs free on 2 machines",
    some: true,
  });
});

test("slots count before GPUs, and what takes no runs does not count", () => {
  const slots = [
    { devices: "0", heldBy: null, draining: false },
    { devices: "1", heldBy: "1.1", draining: false },
  ];
  expect(poolRoom([aMachine({ slots, gpus: [aGpu()] })]).text).toBe("1 of 2 slots free");
  expect(poolRoom([aMachine({ slots, drained: true })])).toEqual({ text: "not reachable, or drained", some: false });
  expect(poolRoom([aMachine({ status: "unreachable" }), aMachine({ status: "off" })]).some).toBe(false);
});

test("without GPUs it is cores and runs, and a cluster says nothing of either", () => {
  expect(poolRoom([aMachine({ running: ["1.1"] })]).text).toBe("no GPU, 8 cores, 1 run now");
  expect(poolRoom([aMachine({ driver: "slurm" })]).text).toBe("a cluster with a queue of its own");
  expect(poolRoom([])).toEqual({ text: "no machine yet", some: false });
});
