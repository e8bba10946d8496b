import type { Need } from "./free_machine.ts";
import { describeGpus, type GpuKind } from "./gpu_kind.ts";
import { formatBytes } from "./quantity.ts";

/** What one worker of a run asks for, as its user said it. Null: not said. */
export interface Demand {
  /** 0 is a CPU run; null means 1 GPU where the pool has any, else a CPU run. */
  gpus: number | null;
  /** Absent: any GPU will do. Where it is said and `gpus` is not, that is 1. */
  gpuKind?: GpuKind | undefined;
  /** Cores. Null: none are counted, except one for a CPU run. */
  cpus: number | null;
  memoryBytes: number | null;
  /** Placed by what is really free on a machine that others use too, instead of by counting. Absent: counted. */
  need?: Need | undefined;
  /** Only on these machines of its pool, by name. Absent: on any. */
  machines?: string[] | undefined;
  /** Of the clusters of its pool only this one, by its machine's name. Absent: on none. */
  cluster?: string | undefined;
  /** How many workers a run has at least, each with as much; they start together or not at all. Absent: one. */
  workers?: number | undefined;
  /** How many it may have where its pool's policy says how many are worth it. Absent: no more than `workers`. */
  mostWorkers?: number | undefined;
}

/** The share of a machine given to one worker. */
export interface Slot {
  /** What CUDA_VISIBLE_DEVICES says: `0`, `0,1`, or empty for a CPU slot. */
  devices: string;
  /** The GPUs in `devices`, one index each; what names none that was found stays as it is written. */
  gpus: string[];
  /** Cores and memory that count against the machine; 0 where none were asked for. */
  cpus: number;
  memoryBytes: number;
  /** The node that it is on, where its machine is a cluster. Absent: it is none, or that is not known yet. */
  node?: string | undefined;
  /** What the run that has it was placed by, where that was what is really free. */
  need?: Need | undefined;
}

export function workersOf({ workers = 1 }: Demand): number {
  return workers;
}

/** How many it may have at once. */
export function mostWorkersOf({ workers = 1, mostWorkers = workers }: Demand): number {
  return mostWorkers;
}

const keys = new WeakMap<Demand, string>();

/** Two demands with one key fit in exactly the same places. The runs of a job ask by one object, again and again. */
export function demandKey(demand: Demand): string {
  const known = keys.get(demand);
  if (known !== undefined) return known;
  const { need, machines, workers, mostWorkers, cluster, gpuKind } = demand;
  const isMore = need || machines || workers || mostWorkers || cluster || gpuKind;
  const more = isMore ? `/${JSON.stringify([need, machines, workers, mostWorkers, cluster, gpuKind])}` : "";
  const key = `${demand.gpus ?? "any"}/${demand.cpus ?? 0}/${demand.memoryBytes ?? 0}${more}`;
  keys.set(demand, key);
  return key;
}

/** Runs with one shape wait for the same: they ask for the same, and have one user. */
export function shapeOf(demand: Demand, user: string): string {
  return `${demandKey(demand)} ${user}`;
}

export function describeDemand(demand: Demand): string {
  const { workers = 1, mostWorkers = workers, ...each } = demand;
  if (mostWorkers > workers) return `${workers} to ${mostWorkers} workers with ${describeDemand(each)} each`;
  if (workers > 1) return `${workers} workers with ${describeDemand(each)} each`;
  const parts = [];
  const gpus = demand.gpus ?? (demand.gpuKind ? 1 : 0);
  if (gpus > 0) parts.push(describeGpus(gpus, demand.gpuKind));
  if (demand.cpus !== null) parts.push(`${demand.cpus} core${demand.cpus === 1 ? "" : "s"}`);
  if (demand.memoryBytes !== null) parts.push(`${formatBytes(demand.memoryBytes)} memory`);
  return parts.length > 0 ? parts.join(", ") : "a free slot";
}
