/** What a cluster has and who waits for it, as its own commands tell it. */
export interface Overview {
  nodes: ClusterNode[];
  /** By partition, in each those first who have most there. */
  queue: QueueShare[];
}

export interface ClusterNode {
  name: string;
  partitions: string[];
  /** As Slurm says it, in small letters: `idle`, `mixed+drain`, `down*`. */
  state: string;
  /** Those that jobs may have. */
  cpus: number;
  cpusUsed: number;
  memoryBytes: number;
  /** What has been given to jobs, whether they use it or not. */
  memoryUsedBytes: number;
  /** One entry a type; `type` null: the site names none. */
  gpus: { type: string | null; total: number; used: number }[];
  /** Why it takes no jobs, with who said so and when: `disk [root@2026-11-26T17:24:32]`. Null: nothing is said. */
  reason: string | null;
}

/** What one user has in one partition's queue; each task of an array is a job. */
export interface QueueShare {
  /** Several with commas between, where a job that waits may go to any of them. */
  partition: string;
  user: string;
  running: number;
  pending: number;
  gpusRunning: number;
  gpusPending: number;
  /** How many wait for which reason, in Slurm's words: `Resources`, `Priority`. */
  reasons: Record<string, number>;
}

/** Where something could start now, of GPUs, or of cores where the nodes have no GPU. */
export interface Room {
  of: "GPU" | "core";
  free: number;
  total: number;
  /** The nodes with something free, most first. */
  nodes: { name: string; free: number }[];
  /** Jobs that wait for room, and not for something of their own. */
  ahead: number;
}

/** @param partition  only there; null: anywhere */
export function roomOf(overview: Overview, partition: string | null): Room {
  const isMeant = (names: readonly string[]) => partition === null || names.includes(partition);
  const nodes = overview.nodes.filter(({ partitions }) => isMeant(partitions));
  const of = nodes.some(({ gpus }) => gpus.length > 0) ? "GPU" : "core";
  const sizes = nodes.map((node) => ({ name: node.name, ...(of === "GPU" ? gpusOf(node) : coresOf(node)) }));
  return {
    of,
    free: sizes.reduce((sum, { free }) => sum + free, 0),
    total: sizes.reduce((sum, { total }) => sum + total, 0),
    nodes: sizes
      .filter(({ free }) => free > 0)
      .map(({ name, free }) => ({ name, free }))
      .sort((a, b) => b.free - a.free),
    ahead: overview.queue
      .filter((share) => isMeant(share.partition.split(",")))
      .reduce((sum, { pending, reasons }) => sum + pending - heldBack(reasons), 0),
  };
}

function gpusOf(node: ClusterNode): { free: number; total: number } {
  const total = node.gpus.reduce((sum, gpus) => sum + gpus.total, 0);
  const used = node.gpus.reduce((sum, gpus) => sum + gpus.used, 0);
  return { free: canStart(node) ? total - used : 0, total };
}

function coresOf(node: ClusterNode): { free: number; total: number } {
  return { free: canStart(node) ? node.cpus - node.cpusUsed : 0, total: node.cpus };
}

/** A node that has no core or no memory left starts nothing on its GPUs either. */
function canStart({ state, cpus, cpusUsed, memoryBytes, memoryUsedBytes }: ClusterNode): boolean {
  const hasMemory = memoryBytes === 0 || memoryUsedBytes < memoryBytes;
  return takesJobs(state) && cpusUsed < cpus && hasMemory;
}

/** Nodes that are powered down are started by Slurm when they are needed. */
const CLOSED = new Set([
  ...["blocked", "drain", "draining", "drained", "down", "error", "fail", "failing", "future", "inval", "invalid"],
  ...["invalid_reg", "maint", "not_responding", "powering_down", "reboot", "reboot_issued", "reboot_requested"],
  ...["reserved", "unknown"],
]);

/** A mark behind a state: `*` does not answer, `$` maintenance, `@` and `^` reboot, `%` powering down. */
function takesJobs(state: string): boolean {
  return state.split("+").every((word) => !/[*$@^%]$/.test(word) && !CLOSED.has(word));
}

/** Reasons of a job's own: it would wait on an empty cluster too. */
const OWN = /^(BeginTime|Cleaning|DeadLine|Dependency|DependencyNeverSatisfied|Job(Held|ArrayTaskLimit)\w*)$/i;

function heldBack(reasons: Record<string, number>): number {
  return Object.entries(reasons).reduce((sum, [reason, count]) => sum + (OWN.test(reason) ? count : 0), 0);
}
