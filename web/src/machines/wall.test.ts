import { describe, expect, test } from "vitest";
import type { Machine } from "../../../src/api/machine.ts";
import { readMachinesSearch } from "./machines_search.ts";
import { countGpus, fitInCards, gpuStateOf, inPools, isFound, isIn, type MachineGpu } from "./wall.ts";

function aGpu(said: Partial<MachineGpu> = {}): MachineGpu {
  return {
    index: "0",
    uuid: null,
    name: "NVIDIA A100-SXM4-80GB",
    memoryBytes: null,
    usedBytes: null,
    utilization: null,
    problem: null,
    others: [],
    heldBy: [],
    idleSince: null,
    ...said,
  };
}

function aMachine(said: Partial<Machine> = {}): Machine {
  return {
    name: "lab1",
    pool: "lab",
    status: "idle",
    drained: false,
    cpus: 8,
    memoryBytes: 0,
    gpus: [],
    slots: null,
    running: [],
    closed: null,
    room: 1,
    holders: [],
    reserved: [],
    waste: [],
    problems: [],
    seenAt: null,
    unreachableSince: null,
    driver: "ssh",
    login: null,
    ...said,
  };
}

const someone = { pid: 4242, user: "u217", name: "python3", usedBytes: null };
const idle = { code: "idle_gpu" as const, run: "12.3", gpu: "0", idleMs: 1, text: "" };

describe("a GPU", () => {
  test.each([
    ["free", aGpu(), aMachine()],
    ["closed", aGpu(), aMachine({ closed: "lab1 is drained" })],
    ["held", aGpu({ heldBy: ["12.3"] }), aMachine({ closed: "lab1 is drained" })],
    ["held", aGpu({ heldBy: ["12.3"], others: [someone], problem: "ERR!" }), aMachine()],
    ["held", aGpu({ index: "1", heldBy: ["12.3"] }), aMachine({ waste: [idle] })],
    ["idle_held", aGpu({ heldBy: ["12.3"] }), aMachine({ waste: [idle] })],
    ["quarantined", aGpu({ problem: "ERR!", others: [someone] }), aMachine()],
    ["others", aGpu({ others: [someone] }), aMachine({ closed: "lab1 cannot be reached" })],
  ])("is %s", (state, gpu, machine) => {
    expect(gpuStateOf(gpu, machine)).toBe(state);
  });

  test("is counted once", () => {
    const gpus = [aGpu(), aGpu({ index: "1", heldBy: ["1.1", "1.2"] }), aGpu({ index: "2", problem: "ERR!" })];
    const counts = countGpus([aMachine({ gpus }), aMachine({ gpus, closed: "it is drained" })]);
    expect(counts).toEqual({ free: 1, closed: 1, held: 2, idle_held: 0, others: 0, quarantined: 2 });
  });
});

test("machines are found by what people know of them", () => {
  const holder = { run: "12.3", name: "resnet", user: "ada" } as Machine["holders"][number];
  const machine = aMachine({ gpus: [aGpu({ others: [someone] })], holders: [holder] });
  for (const text of ["LAB", "a100", "12.3", "ResNet", "ada", "u217", "4242", "python"])
    expect(isFound(machine, text), text).toBe(true);
  expect(isFound(machine, "lab2")).toBe(false);
});

test("machines are narrowed down by how they are", () => {
  const filters = (machine: Machine) =>
    (["free", "working", "wasted", "others", "quarantined", "drained", "unreachable"] as const).filter((filter) =>
      isIn(machine, filter),
    );
  expect(filters(aMachine())).toEqual(["free"]);
  expect(filters(aMachine({ room: 0, running: ["1.1"], waste: [idle] }))).toEqual(["working", "wasted"]);
  expect(filters(aMachine({ room: 0, status: "unreachable", drained: true }))).toEqual(["drained", "unreachable"]);
  expect(filters(aMachine({ room: null }))).toEqual(["free"]);
});

test("pools stand in order, this machine's first, and machines as people count", () => {
  const machines = ["lab10", "lab2", "lab1"].map((name) => aMachine({ name }));
  const pools = inPools([aMachine({ name: "x", pool: "a" }), ...machines, aMachine({ name: "local", pool: "local" })]);
  expect(pools.map(({ pool, machines }) => [pool, ...machines.map(({ name }) => name)])).toEqual([
    ["local", "local"],
    ["a", "x"],
    ["lab", "lab1", "lab2", "lab10"],
  ]);
});

test("a few machines come in cards, many in rows", () => {
  const eight = Array.from({ length: 8 }, (_, index) => aGpu({ index: String(index) }));
  expect(fitInCards([aMachine({ gpus: eight })])).toBe(true);
  expect(fitInCards(Array.from({ length: 9 }, () => aMachine({ gpus: eight })))).toBe(false);
  expect(fitInCards(Array.from({ length: 13 }, () => aMachine()))).toBe(false);
});

test("an address that says what there is not is read as far as it goes", () => {
  expect(readMachinesSearch({ search: 42, state: "wasted", hours: 24, pool: "", open: "lab1" })).toEqual({
    search: "42",
    state: "wasted",
    hours: 24,
    open: "lab1",
  });
  expect(readMachinesSearch({ state: "best", hours: 5, pool: ["x"] })).toEqual({});
});
