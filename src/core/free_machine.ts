/** What a machine has free now, whoever uses the rest. */
export interface FreeMachine {
  cpus: number;
  /** Of all cores, 0 to 1. */
  cpuUsage: number;
  freeMemoryBytes: number;
  gpus: readonly FreeGpu[];
}

export interface FreeGpu {
  index: string;
  /** Null where the tool does not say. Such a GPU takes one run that asks for memory, and no second one. */
  freeMemoryBytes: number | null;
  /** 0 to 1; null where the tool does not say: counted as idle. */
  utilization: number | null;
  /** Why it cannot be used; null where it can. */
  problem: string | null;
}

/** What one run asks for. */
export interface Need {
  /** May be a fraction; 0: cores are not counted. */
  cpus: number;
  memoryBytes: number;
  /** The two are of its GPU, and do not count where none is required. */
  gpuMemoryBytes: number;
  gpuUtilization: number;
  /** Has its GPU for itself, as far as this yard's runs go. */
  reserveGpu: boolean;
  gpuRequired: boolean;
  /** Has the machine for itself, as far as this yard's runs go. */
  reserveMachine: boolean;
}

/** A run of this yard that has a place on the machine, whether it is about to start or has run for days. */
export interface HeldRun {
  need: Need;
  /** Those it has, each as `need` says. */
  gpus: readonly string[];
  /**
   * Its own part in what was measured, as far as that is known; 0 where it is not. What it asked for and does not use yet is
   * kept free for it, so two runs that warm up do not both count on the same memory.
   */
  uses: Use;
}

export interface Use {
  cpus: number;
  memoryBytes: number;
  /** On each of its GPUs. */
  gpuMemoryBytes: number;
  gpuUtilization: number;
}

export const NOTHING: Use = { cpus: 0, memoryBytes: 0, gpuMemoryBytes: 0, gpuUtilization: 0 };

/** The machine as it would be if this yard's runs were not there, as far as their part in it is known. */
export function withoutOwnRuns(machine: FreeMachine, held: readonly HeldRun[]): FreeMachine {
  return {
    cpus: machine.cpus,
    cpuUsage: Math.max(0, machine.cpuUsage - sumOf(held, "cpus") / Math.max(1, machine.cpus)),
    freeMemoryBytes: machine.freeMemoryBytes + sumOf(held, "memoryBytes"),
    gpus: machine.gpus.map((gpu) => {
      const here = held.filter(({ gpus }) => gpus.includes(gpu.index));
      const { freeMemoryBytes, utilization } = gpu;
      return {
        ...gpu,
        freeMemoryBytes: freeMemoryBytes === null ? null : freeMemoryBytes + sumOf(here, "gpuMemoryBytes"),
        utilization: utilization === null ? null : Math.max(0, utilization - sumOf(here, "gpuUtilization")),
      };
    }),
  };
}

function sumOf(runs: readonly HeldRun[], what: keyof Use): number {
  return runs.reduce((sum, { uses }) => sum + uses[what], 0);
}
