import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { capacityOf, type MachineLimits } from "./capacity.ts";
import { describeLimits } from "./capacity_limit.ts";
import { type FreeGpu, type FreeMachine, type HeldRun, type Need, withoutOwnRuns } from "./free_machine.ts";

const MB = 1024 ** 2;
const noLimits: MachineLimits = { maxRuns: null, gpus: null };
const nothing = { cpus: 0, memoryBytes: 0, gpuMemoryBytes: 0, gpuUtilization: 0 };

function aGpu(index: string, freeMb: number, changes: Partial<FreeGpu> = {}): FreeGpu {
  return { index, freeMemoryBytes: freeMb * MB, utilization: 0, problem: null, ...changes };
}

function aMachine(changes: Partial<FreeMachine> = {}): FreeMachine {
  const gpus = [aGpu("0", 5933), aGpu("1", 5931)];
  return { cpus: 24, cpuUsage: 0.124, freeMemoryBytes: 30607 * MB, gpus, ...changes };
}

/** A batch's need, its defaults as ml-scheduler had them. */
function aNeed(changes: Partial<Need> & { memoryMb?: number; gpuMemoryMb?: number } = {}): Need {
  const { memoryMb = 7000, gpuMemoryMb = 1000, ...rest } = changes;
  return {
    cpus: 1,
    memoryBytes: memoryMb * MB,
    gpuMemoryBytes: gpuMemoryMb * MB,
    gpuUtilization: 0.75,
    reserveGpu: true,
    gpuRequired: true,
    reserveMachine: false,
    ...rest,
  };
}

function held(need: Need, gpus: string[], uses: Partial<HeldRun["uses"]> = {}): HeldRun {
  return { need, gpus, uses: { ...nothing, ...uses } };
}

function placed(machine: FreeMachine, need: Need, runs: HeldRun[] = [], limits = noLimits): (string | null)[] {
  return capacityOf(machine, runs, need, limits).placements;
}

function why(machine: FreeMachine, need: Need, runs: HeldRun[] = [], limits = noLimits): string {
  return describeLimits(capacityOf(machine, runs, need, limits).because);
}

describe("what ml-scheduler was seen to count on a machine with 24 cores, 30607 MB and two idle GPUs", () => {
  const sharing = aNeed({ reserveGpu: false, gpuUtilization: 0.5, memoryMb: 100, gpuMemoryMb: 100 });
  test.each<[string, Need, (string | null)[]]>([
    ["the defaults", aNeed(), ["0", "1"]],
    ["--memory-required=2000", aNeed({ memoryMb: 2000 }), ["0", "1"]],
    ["--no-gpu-required", aNeed({ gpuRequired: false }), Array(4).fill(null)],
    ["--no-gpu-required --memory-required=1000", aNeed({ gpuRequired: false, memoryMb: 1000 }), Array(23).fill(null)],
    ["two runs and a half on a GPU", sharing, ["0", "1", "0", "1", "0", "1"]],
    ["--reserve", aNeed({ reserveMachine: true }), ["0"]],
  ])("%s", (_, need, placements) => {
    expect(placed(aMachine(), need)).toEqual(placements);
  });

  test("a run that asks for exactly what is free gets it", () => {
    expect(placed(aMachine({ freeMemoryBytes: 7000 * MB }), aNeed())).toEqual(["0"]);
    expect(placed(aMachine({ freeMemoryBytes: 7000 * MB - 1 }), aNeed())).toEqual([]);
  });

  test("utilisation already in use counts in the sum", () => {
    const gpus = [aGpu("0", 5933, { utilization: 0.2 }), aGpu("1", 5931, { utilization: 0.7 })];
    expect(placed(aMachine({ gpus }), sharing)).toEqual(["0", "1", "0"]);
    expect(placed(aMachine({ gpus: [aGpu("0", 5933, { utilization: 0.86 })] }), aNeed())).toEqual([]);
  });

  test("sixteen runs of a tenth fill a GPU, as they do on paper", () => {
    const tenth = aNeed({ reserveGpu: false, gpuUtilization: 0.1, memoryMb: 100, gpuMemoryMb: 100 });
    expect(placed(aMachine({ gpus: [aGpu("0", 5933)] }), tenth)).toHaveLength(16);
  });
});

describe("which GPU a run gets", () => {
  test("a free GPU is taken before one that is busy, wherever it stands", () => {
    const gpus = [aGpu("0", 20_000, { utilization: 0.8 }), aGpu("1", 100), aGpu("2", 20_000)];
    expect(placed(aMachine({ gpus }), aNeed())).toEqual(["2", "0"]);
  });

  test("of two that are as busy, the one with fewer runs, then the one with more memory free", () => {
    const gpus = [aGpu("0", 8000), aGpu("1", 24_000)];
    const need = aNeed({ reserveGpu: false, gpuUtilization: 0, memoryMb: 10 });
    expect(placed(aMachine({ gpus }), need).slice(0, 4)).toEqual(["1", "0", "1", "0"]);
  });

  test("when one is full the others go on", () => {
    const gpus = [aGpu("0", 1000), aGpu("1", 3000)];
    const need = aNeed({ reserveGpu: false, gpuUtilization: 0.5, memoryMb: 10 });
    expect(placed(aMachine({ gpus }), need)).toEqual(["1", "0", "1", "1"]);
  });

  test("a GPU that is broken, or not among those of the machine's user, gets none", () => {
    const gpus = [aGpu("0", 9000, { problem: "nvidia-smi reports ERR!" }), aGpu("1", 9000), aGpu("2", 9000)];
    expect(placed(aMachine({ gpus }), aNeed())).toEqual(["1", "2"]);
    expect(placed(aMachine({ gpus }), aNeed(), [], { maxRuns: null, gpus: ["0", "2"] })).toEqual(["2"]);
  });

  test("a GPU that says nothing of itself takes one run that asks for memory", () => {
    const gpus = [aGpu("0", 0, { freeMemoryBytes: null, utilization: null })];
    const need = aNeed({ reserveGpu: false, gpuUtilization: 0.5, memoryMb: 10 });
    expect(placed(aMachine({ gpus }), need)).toEqual(["0"]);
    expect(why(aMachine({ gpus }), need)).toBe(
      "GPU 0 does not say how much memory is free, so it takes one run at a time",
    );
    expect(placed(aMachine({ gpus }), { ...need, gpuMemoryBytes: 0 })).toEqual(["0", "0", "0"]);
  });

  test("a run that needs no GPU does not look at them", () => {
    const need = aNeed({ gpuRequired: false });
    expect(placed(aMachine({ gpus: [] }), need)).toHaveLength(4);
    expect(placed(aMachine({ gpus: [aGpu("0", 0, { problem: "lost" })] }), need)).toHaveLength(4);
  });
});

describe("this yard's own runs", () => {
  test("one that has a GPU for itself shares it with none, and none with one that wants it so", () => {
    const sharing = aNeed({ reserveGpu: false, gpuUtilization: 0.1 });
    expect(placed(aMachine(), aNeed(), [held(aNeed(), ["0"])])).toEqual(["1"]);
    expect(placed(aMachine(), sharing, [held(aNeed(), ["0"])])).toEqual(["1", "1", "1"]);
    expect(placed(aMachine(), aNeed(), [held(sharing, ["0"])])).toEqual(["1"]);
    expect(placed(aMachine(), aNeed(), [held(aNeed(), ["0", "1"])])).toEqual([]);
  });

  test("while one warms up, what it asked for is kept free; once it has it, nothing is counted twice", () => {
    const need = aNeed({ gpuRequired: false });
    const started = [held(need, []), held(need, [])];
    expect(placed(aMachine(), need, started)).toHaveLength(2);
    const uses = { memoryBytes: 7000 * MB, cpus: 1 };
    const warm = aMachine({ freeMemoryBytes: (30607 - 14_000) * MB, cpuUsage: 0.124 + 2 / 24 });
    expect(placed(warm, need, [held(need, [], uses), held(need, [], uses)])).toHaveLength(2);
  });

  test("one that takes more than it asked for leaves less to the next", () => {
    const need = aNeed({ gpuRequired: false });
    const machine = aMachine({ freeMemoryBytes: 10_000 * MB });
    expect(placed(machine, need, [held(need, [], { memoryBytes: 20_000 * MB })])).toHaveLength(1);
  });

  test("a run that keeps its GPU at work all the time still leaves room for those that share it", () => {
    const need = aNeed({ reserveGpu: false, memoryMb: 100 });
    const machine = aMachine({ gpus: [aGpu("0", 5000, { utilization: 1 })] });
    expect(placed(machine, need, [held(need, ["0"], { gpuUtilization: 1 })])).toEqual(["0"]);
    expect(placed(machine, need, [])).toEqual([]);
  });

  test("a reserved machine takes nothing else, and only an empty one can be reserved", () => {
    const whole = aNeed({ reserveMachine: true });
    expect(why(aMachine(), aNeed(), [held(whole, ["0"])])).toBe("a run has the whole machine reserved");
    expect(why(aMachine(), whole, [held(aNeed(), ["0"])])).toBe("the whole machine is asked for, and 1 run is on it");
  });

  test("a machine can be looked at as if they were not there", () => {
    const uses = { cpus: 3, memoryBytes: 100 * MB, gpuMemoryBytes: 50 * MB, gpuUtilization: 0.9 };
    const busy = aMachine({ gpus: [aGpu("0", 100, { utilization: 0.5 }), aGpu("1", 100)] });
    const machine = withoutOwnRuns(busy, [held(aNeed(), ["0"], uses)]);
    expect(machine.cpuUsage).toBeCloseTo(0);
    expect(machine.freeMemoryBytes).toBe(30_707 * MB);
    expect(machine.gpus).toEqual([aGpu("0", 150), aGpu("1", 100)]);
  });
});

describe("where nothing else ends the count", () => {
  const anything = aNeed({ cpus: 0, memoryMb: 0, gpuRequired: false });
  test("four runs for each core are the most", () => {
    expect(placed(aMachine(), anything)).toHaveLength(96);
    expect(placed(aMachine(), aNeed({ cpus: 1e-12, memoryMb: 1e-12, gpuRequired: false }))).toHaveLength(96);
    const onGpus = aNeed({ cpus: 0, memoryMb: 0, gpuMemoryMb: 0, gpuUtilization: 0, reserveGpu: false });
    expect(placed(aMachine(), onGpus)).toHaveLength(96);
    expect(why(aMachine(), anything)).toBe("runs: no more than 96, 4 for each core, however little they ask for");
  });

  test("or as many as the machine's user allows, those that run already among them", () => {
    const limits = { maxRuns: 3, gpus: null };
    expect(placed(aMachine(), aNeed({ gpuRequired: false }), [held(anything, [])], limits)).toHaveLength(2);
    expect(placed(aMachine(), anything, [], { maxRuns: 200, gpus: null })).toHaveLength(200);
    expect(why(aMachine(), anything, [], limits)).toBe("runs: no more than the 3 that are set for this machine");
  });
});

test.each<[string, FreeMachine, Need, MachineLimits]>([
  ["GPU memory: 1000 MB asked, 900 MB free on GPU 1", aMachine({ gpus: [aGpu("1", 900.9)] }), aNeed(), noLimits],
  [
    "GPU memory: 1000 MB asked, 900 MB free on GPU 0, 12 MB on GPU 1; GPU utilisation: 0.75 asked, 0.9 of 1.6 in use on GPU 2; GPU 3 cannot be used: nvidia-smi reports ERR!",
    aMachine({
      gpus: [
        aGpu("0", 900),
        aGpu("1", 12),
        aGpu("2", 9000, { utilization: 0.9 }),
        aGpu("3", 9000, { problem: "nvidia-smi reports ERR!" }),
      ],
    }),
    aNeed(),
    noLimits,
  ],
  ["GPUs 0, 1 are held by runs", aMachine(), aNeed(), noLimits],
  ["memory: 7000 MB asked, 2607 MB free", aMachine(), aNeed({ gpuRequired: false }), noLimits],
  [
    "cores: 30 asked, 23 free (with the 2 by which it may be overloaded); memory: 7000 MB asked, 6999 MB free",
    aMachine({ freeMemoryBytes: 7000 * MB - 1 }),
    aNeed({ cpus: 30 }),
    noLimits,
  ],
  ["GPU: 1 asked, the machine has none", aMachine({ gpus: [] }), aNeed(), noLimits],
  [
    "GPU: 1 asked, only GPU 2 may be used, and the machine has GPUs 0, 1",
    aMachine(),
    aNeed(),
    { maxRuns: null, gpus: ["2"] },
  ],
])("why a machine takes no more is said: %s", (text, machine, need, limits) => {
  expect(why(machine, need, [], limits)).toBe(text);
});

/** The formulas once more, as a sum over all runs at once. */
function holds(machine: FreeMachine, need: Need, placements: (string | null)[], most: number): boolean {
  const n = placements.length;
  if (n > most || (need.reserveMachine && n > 1)) return false;
  if (need.cpus > 0 && machine.cpus * (1 - machine.cpuUsage) - n * need.cpus < -2 - 1e-6) return false;
  if (machine.freeMemoryBytes - n * need.memoryBytes < 0) return false;
  if (!need.gpuRequired) return placements.every((gpu) => gpu === null);
  if (!placements.every((index) => machine.gpus.some((gpu) => gpu.index === index))) return false;
  return machine.gpus.every((gpu) => {
    const here = placements.filter((index) => index === gpu.index).length;
    if (here === 0) return true;
    if (gpu.problem !== null || (need.reserveGpu && here > 1)) return false;
    if (gpu.freeMemoryBytes === null && need.gpuMemoryBytes > 0 && here > 1) return false;
    if ((gpu.freeMemoryBytes ?? Number.POSITIVE_INFINITY) - here * need.gpuMemoryBytes < 0) return false;
    return need.gpuUtilization === 0 || (gpu.utilization ?? 0) + here * need.gpuUtilization <= 1.6 + 1e-6;
  });
}

describe("whatever is free and whatever is asked", () => {
  // Quarters and whole megabytes: sums of them are exact, so the two ways of counting cannot differ by rounding.
  const quarter = (most: number) => fc.integer({ min: 0, max: most * 4 }).map((n) => n / 4);
  const megabytes = (most: number) => fc.integer({ min: 0, max: most }).map((mb) => mb * MB);
  const gpu = fc.record({
    freeMemoryBytes: fc.option(megabytes(50), { freq: 8 }),
    utilization: fc.option(quarter(1), { freq: 8 }),
    problem: fc.constantFrom(null, null, null, "lost"),
  });
  const machines: fc.Arbitrary<FreeMachine> = fc.record({
    cpus: fc.constantFrom(1, 2, 4, 8, 16),
    cpuUsage: quarter(1),
    freeMemoryBytes: megabytes(400),
    gpus: fc.array(gpu, { maxLength: 4 }).map((gpus) => gpus.map((one, i) => ({ ...one, index: String(i) }))),
  });
  const needs: fc.Arbitrary<Need> = fc.record({
    cpus: quarter(4),
    memoryBytes: megabytes(30),
    gpuMemoryBytes: megabytes(20),
    gpuUtilization: quarter(2),
    reserveGpu: fc.boolean(),
    gpuRequired: fc.boolean(),
    reserveMachine: fc.boolean(),
  });

  test("what is placed obeys the formulas, and one more would not, wherever it went", () => {
    fc.assert(
      fc.property(machines, needs, (machine, need) => {
        const placements = placed(machine, need);
        const most = 4 * machine.cpus;
        expect(holds(machine, need, placements, most)).toBe(true);
        const places = need.gpuRequired ? machine.gpus.map(({ index }) => index) : [null];
        for (const one of places) expect(holds(machine, need, [...placements, one], most)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  test("more that is free never leaves room for fewer runs", () => {
    const more = fc.record({ cpus: fc.boolean(), usage: quarter(1), memoryBytes: megabytes(100), gpu: megabytes(20) });
    fc.assert(
      fc.property(machines, needs, more, gpu, (machine, need, by, another) => {
        const richer: FreeMachine = {
          cpus: by.cpus ? machine.cpus * 2 : machine.cpus,
          cpuUsage: Math.max(0, machine.cpuUsage - by.usage),
          freeMemoryBytes: machine.freeMemoryBytes + by.memoryBytes,
          gpus: [
            ...machine.gpus.map((one) => ({
              ...one,
              freeMemoryBytes: one.freeMemoryBytes === null ? null : one.freeMemoryBytes + by.gpu,
              utilization: one.utilization === null ? null : Math.max(0, one.utilization - by.usage),
              problem: by.cpus ? null : one.problem,
            })),
            { ...another, index: "another" },
          ],
        };
        expect(placed(richer, need).length).toBeGreaterThanOrEqual(placed(machine, need).length);
      }),
      { numRuns: 2000 },
    );
  });

  test("runs that were placed and have begun leave room for exactly the rest, cold or warm", () => {
    fc.assert(
      fc.property(machines, needs, fc.nat(), fc.boolean(), (machine, need, some, isWarm) => {
        const all = placed(machine, need);
        const begun = all.slice(0, some % (all.length + 1));
        const uses = isWarm ? { cpus: 0, memoryBytes: need.memoryBytes, gpuMemoryBytes: need.gpuMemoryBytes } : {};
        const runs = begun.map((gpu) => held(need, gpu === null ? [] : [gpu], uses));
        const inUse = (index: string) => runs.filter(({ gpus }) => gpus.includes(index)).length * need.gpuMemoryBytes;
        const now: FreeMachine = !isWarm
          ? machine
          : {
              ...machine,
              freeMemoryBytes: machine.freeMemoryBytes - begun.length * need.memoryBytes,
              gpus: machine.gpus.map((one) => ({
                ...one,
                freeMemoryBytes: one.freeMemoryBytes === null ? null : one.freeMemoryBytes - inUse(one.index),
              })),
            };
        expect(placed(now, need, runs)).toEqual(all.slice(begun.length));
      }),
      { numRuns: 2000 },
    );
  });
});
