import { describe, expect, test } from "vitest";
import { idleSince } from "./idle_since.ts";
import { describeWaste, type Holder, wasteOn } from "./waste.ts";

const NOW = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const GIB = 1024 ** 3;

function aHolder(said: Partial<Holder> = {}): Holder {
  return {
    run: "12.3",
    gpus: ["0"],
    startedAt: NOW - 60 * MINUTE_MS,
    askedGpuMemoryBytes: null,
    gpuMemoryPeakBytes: null,
    askedMemoryBytes: null,
    memoryPeakBytes: null,
    ...said,
  };
}

function idleFor(minutes: number, index = "0") {
  return { index, idleSince: NOW - minutes * MINUTE_MS };
}

function told(...args: Parameters<typeof wasteOn>) {
  return wasteOn(...args).map(describeWaste);
}

describe("a GPU that is held but idle", () => {
  test("is told after ten minutes, with for how long", () => {
    expect(told([idleFor(9.9)], [aHolder()], NOW)).toEqual([]);
    expect(told([idleFor(25)], [aHolder()], NOW)).toEqual([
      "12.3 holds GPU 0 and has left it idle for 25m. See what it does: runyard logs 12.3",
    ]);
  });

  test("counts from when its run has had it, however long it was idle before", () => {
    expect(wasteOn([idleFor(600)], [aHolder({ startedAt: NOW - 9 * MINUTE_MS })], NOW)).toEqual([]);
    expect(wasteOn([idleFor(600)], [aHolder({ startedAt: NOW - 11 * MINUTE_MS })], NOW)).toMatchObject([
      { code: "idle_gpu", idleMs: 11 * MINUTE_MS },
    ]);
  });

  test("is told alone of those that a run has, and nobody's idle GPU is a waste", () => {
    const gpus = [idleFor(30, "0"), { index: "1", idleSince: null }, { index: "2" }, idleFor(30, "3")];
    expect(wasteOn(gpus, [aHolder({ gpus: ["0", "1", "2"] })], NOW)).toMatchObject([{ gpu: "0" }]);
    expect(wasteOn(gpus, [], NOW)).toEqual([]);
  });
});

describe("memory that was asked for", () => {
  test("and hardly used is told: asked 24 GB, used 6", () => {
    const holder = aHolder({ askedGpuMemoryBytes: 24 * GIB, gpuMemoryPeakBytes: 6 * GIB });
    expect(told([], [holder], NOW)).toEqual([
      "12.3 asked for 24 GB of GPU memory and used 6.0 GB at its peak. Ask for less next time: --gpu-memory",
    ]);
  });

  test("is of each GPU, while what was used is of all of them together", () => {
    const two = { gpus: ["0", "1"], askedGpuMemoryBytes: 24 * GIB };
    expect(wasteOn([], [aHolder({ ...two, gpuMemoryPeakBytes: 30 * GIB })], NOW)).toEqual([]);
    expect(wasteOn([], [aHolder({ ...two, gpuMemoryPeakBytes: 12 * GIB })], NOW)).toMatchObject([
      { usedBytes: 6 * GIB },
    ]);
  });

  test.each([
    ["nobody has looked", { gpuMemoryPeakBytes: null }],
    ["half of it is used", { gpuMemoryPeakBytes: 12 * GIB }],
    ["its run has only begun", { gpuMemoryPeakBytes: 1, startedAt: NOW - 9 * MINUTE_MS }],
    ["it was little anyway", { askedGpuMemoryBytes: GIB, gpuMemoryPeakBytes: 1 }],
  ])("is no waste where %s", (_, said) => {
    expect(wasteOn([], [aHolder({ askedGpuMemoryBytes: 24 * GIB, ...said })], NOW)).toEqual([]);
  });

  test("is told of the machine's own memory too", () => {
    const holder = aHolder({ gpus: [], askedMemoryBytes: 64 * GIB, memoryPeakBytes: 3 * GIB });
    expect(told([], [holder], NOW)).toEqual([
      "12.3 asked for 64 GB of memory and used 3.0 GB at its peak. Ask for less next time: --memory",
    ]);
  });
});

describe("since when a GPU is idle", () => {
  const before = { idleSince: NOW - 30 * MINUTE_MS, seenAt: NOW - 10_000 };

  test("stands while every look finds it so, and starts anew once it was in use", () => {
    expect(idleSince(before, 0.04, NOW)).toBe(before.idleSince);
    expect(idleSince(before, 0.05, NOW)).toBeNull();
    expect(idleSince({ ...before, idleSince: null }, 0, NOW)).toBe(NOW);
  });

  test("is not known where its tool does not say, and starts anew when nobody has looked for a while or the clock was set back", () => {
    expect(idleSince(before, null, NOW)).toBeNull();
    expect(idleSince(null, 0, NOW)).toBe(NOW);
    expect(idleSince({ ...before, seenAt: NOW - 3 * MINUTE_MS }, 0, NOW)).toBe(NOW);
    expect(idleSince({ ...before, seenAt: NOW + 1 }, 0, NOW)).toBe(NOW);
  });
});
