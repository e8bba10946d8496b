import type { CapacityLimit, GpuObstacle } from "./capacity_limit.ts";
import { type FreeMachine, type HeldRun, type Need, NOTHING, withoutOwnRuns } from "./free_machine.ts";

/**
 * How many runs of a batch fit on a machine that others use too, by what of it is really free. The formulas are those of
 * ml-scheduler: runs are counted until one more would break one of them.
 *
 *   free cores   − asked ≥ −2          free cores = cores · (1 − usage); a small overload does little harm
 *   free memory  − asked ≥ 0
 *   on the GPU:  free memory − asked ≥ 0;  utilisation in use + asked ≤ 1.6;  one run, unless the need shares GPUs
 *   whole machine reserved: one run
 *
 * What is not asked for is not looked at. Where no formula would end the count (nothing is asked for, or next to nothing),
 * `maxRuns` of the machine does, or four runs a core: with a core asked for, the formula for cores is always stricter.
 */
const CORES_OVERLOAD = 2;
const RUNS_PER_CORE = 4;
/** What utilisation may sum up to on one GPU. */
export const MOST_UTILIZATION = 1.6;
/** Sums like 16 × 0.1 come out a little above what they are. */
const ROUNDING = 1e-9;

/** What a machine's user allows of it. */
export interface MachineLimits {
  /** Runs of this yard at once. */
  maxRuns: number | null;
  /** Only these GPUs, by index; null: all. */
  gpus: string[] | null;
}

export interface Capacity {
  /** One a run, in the order in which runs should take them: its GPU, or null for none. */
  placements: (string | null)[];
  /** Why there is no room for one more; everything that stands in the way, at least one. */
  because: CapacityLimit[];
}

/** Where the next runs of one need go, beside those that are `held`: as many as there is room for. */
export function capacityOf(
  machine: FreeMachine,
  held: readonly HeldRun[],
  need: Need,
  limits: MachineLimits,
): Capacity {
  const account = openAccount(withoutOwnRuns(machine, held), limits);
  for (const run of held) account.hold(run);
  const placements: (string | null)[] = [];
  for (;;) {
    const because = account.whyNot(need);
    if (because.length > 0) return { placements, because };
    const gpu = need.gpuRequired ? account.leastLoaded(need) : null;
    account.hold({ need, gpus: gpu === null ? [] : [gpu], uses: NOTHING });
    placements.push(gpu);
  }
}

interface GpuAccount {
  index: string;
  problem: string | null;
  freeMemoryBytes: number | null;
  utilization: number;
  runs: number;
  isReserved: boolean;
}

/** Keeps count of one machine, which nobody of this yard uses at first. */
function openAccount(machine: FreeMachine, limits: MachineLimits) {
  const gpus = machine.gpus
    .filter(({ index }) => limits.gpus?.includes(index) ?? true)
    .map((gpu): GpuAccount => ({ ...gpu, utilization: gpu.utilization ?? 0, runs: 0, isReserved: false }));
  const most = limits.maxRuns ?? RUNS_PER_CORE * Math.max(1, machine.cpus);
  let freeCpus = machine.cpus * (1 - machine.cpuUsage);
  let { freeMemoryBytes } = machine;
  let runs = 0;
  let isReserved = false;

  /** What stands in the way of one more run; empty: nothing. */
  function whyNot(need: Need): CapacityLimit[] {
    if (isReserved) return [{ code: "machine_reserved" }];
    if (need.reserveMachine && runs > 0) return [{ code: "machine_shared", runs }];
    const because: CapacityLimit[] = [];
    if (runs >= most) because.push({ code: "most_runs", most, isSet: limits.maxRuns !== null });
    const cpusLeft = freeCpus + CORES_OVERLOAD;
    if (need.cpus > 0 && cpusLeft - need.cpus < -ROUNDING) {
      because.push({ code: "cores", asked: need.cpus, left: cpusLeft, overload: CORES_OVERLOAD });
    }
    if (need.memoryBytes > 0 && freeMemoryBytes < need.memoryBytes) {
      because.push({ code: "memory", askedBytes: need.memoryBytes, freeBytes: freeMemoryBytes });
    }
    if (need.gpuRequired && leastLoaded(need) === null) because.push(whyNoGpu(need));
    return because;
  }

  function whyNoGpu(need: Need): CapacityLimit {
    const obstacles = gpus.flatMap((gpu) => obstacleOn(gpu, need) ?? []);
    if (obstacles.length > 0) return { code: "gpus", obstacles };
    return { code: "no_gpu", there: machine.gpus.map(({ index }) => index), allowed: limits.gpus };
  }

  /** Of the GPUs that can take one more run, the one with the least to do; null: none can. */
  function leastLoaded(need: Need): string | null {
    let best: GpuAccount | null = null;
    for (const gpu of gpus) {
      if (obstacleOn(gpu, need) === null && (best === null || isLessLoaded(gpu, best))) best = gpu;
    }
    return best?.index ?? null;
  }

  function hold({ need, gpus: taken, uses }: HeldRun): void {
    runs += 1;
    isReserved ||= need.reserveMachine;
    freeCpus -= Math.max(need.cpus, uses.cpus);
    freeMemoryBytes -= Math.max(need.memoryBytes, uses.memoryBytes);
    for (const gpu of gpus) {
      if (!taken.includes(gpu.index)) continue;
      gpu.runs += 1;
      gpu.isReserved ||= need.reserveGpu;
      // Not the higher of both, as with memory: a GPU's utilisation is the part of the time in which any kernel ran, and
      // one run alone often reaches 1, whatever it asked for and however well another would fit beside it.
      gpu.utilization += need.gpuUtilization;
      if (gpu.freeMemoryBytes !== null) gpu.freeMemoryBytes -= Math.max(need.gpuMemoryBytes, uses.gpuMemoryBytes);
    }
  }

  return { whyNot, leastLoaded, hold };
}

/** What keeps a run off this GPU; null: nothing. */
function obstacleOn(gpu: GpuAccount, need: Need): GpuObstacle | null {
  const { index, problem, freeMemoryBytes, utilization, runs } = gpu;
  if (problem !== null) return { code: "unusable", gpu: index, problem };
  if (gpu.isReserved || (need.reserveGpu && runs > 0)) return { code: "held", gpu: index };
  const askedBytes = need.gpuMemoryBytes;
  if (askedBytes > 0 && freeMemoryBytes === null && runs > 0) return { code: "memory_unknown", gpu: index };
  if (askedBytes > 0 && freeMemoryBytes !== null && freeMemoryBytes < askedBytes) {
    return { code: "memory", gpu: index, askedBytes, freeBytes: freeMemoryBytes };
  }
  const asked = need.gpuUtilization;
  if (asked > 0 && utilization + asked > MOST_UTILIZATION + ROUNDING) {
    return { code: "utilization", gpu: index, asked, inUse: utilization, most: MOST_UTILIZATION };
  }
  return null;
}

/** By utilisation, then by runs, then by free memory; of equals the first stays. */
function isLessLoaded(a: GpuAccount, b: GpuAccount): boolean {
  if (a.utilization !== b.utilization) return a.utilization < b.utilization;
  if (a.runs !== b.runs) return a.runs < b.runs;
  return (a.freeMemoryBytes ?? 0) > (b.freeMemoryBytes ?? 0);
}
