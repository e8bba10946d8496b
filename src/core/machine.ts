import type { UnixMs } from "./run.ts";

export const machineStatuses = ["off", "starting", "idle", "working", "stopping", "unreachable"] as const;

/** A process that is not of this yard and holds memory of a GPU. */
export interface ForeignProcess {
  pid: number;
  /** Null where the owner cannot be seen. */
  user: string | null;
  name: string;
  usedBytes: number | null;
}

export interface Gpu {
  /** As CUDA_VISIBLE_DEVICES counts it under PCI order. */
  index: string;
  uuid: string | null;
  name: string;
  /** Null where the tool does not say. */
  memoryBytes: number | null;
  usedBytes: number | null;
  /** 0 to 1. */
  utilization: number | null;
  /** Why it cannot be used, e.g. `nvidia-smi reports [Unknown Error]`; null where it can. */
  problem: string | null;
  others: ForeignProcess[];
}

/** What a machine has, as it was last seen. */
export interface Hardware {
  cpus: number;
  memoryBytes: number;
  gpus: Gpu[];
  /** What stood in the way of looking, worded for people. */
  problems: string[];
}

/** A machine as the scheduler sees it. */
export interface Machine {
  id: number;
  name: string;
  pool: string;
  hardware: Hardware;
  /** Explicit slots, one CUDA_VISIBLE_DEVICES each; they replace counting. Null: GPUs and cores are counted. */
  slots: string[] | null;
  /** A drained machine ends what it runs and starts nothing. */
  drained: boolean;
  /** When its agent was last heard; null: never. */
  seenAt: UnixMs | null;
  unreachableSince: UnixMs | null;
}

/** The GPU indices in one CUDA_VISIBLE_DEVICES: `0,1` → [`0`, `1`], empty → none. */
export function devicesOf(visible: string): string[] {
  return visible
    .split(",")
    .map((device) => device.trim())
    .filter((device) => device !== "");
}

/** Whether a GPU may be given to a run: healthy, and not in use by someone outside this yard. */
export function isUsable(gpu: Gpu): boolean {
  return gpu.problem === null && gpu.others.length === 0;
}
