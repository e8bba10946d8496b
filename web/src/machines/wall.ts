import type { Machine } from "../../../src/api/machine.ts";
import { isUsable } from "../../../src/core/machine.ts";

/** What becomes of a GPU now. Every GPU is in exactly one of these states. */
export const gpuStates = ["held", "idle_held", "others", "quarantined", "closed", "free"] as const;
export type GpuState = (typeof gpuStates)[number];

export type MachineGpu = Machine["gpus"][number];

export function gpuStateOf(gpu: MachineGpu, { closed, waste }: Pick<Machine, "closed" | "waste">): GpuState {
  if (gpu.heldBy.length > 0) {
    return waste.some((one) => one.code === "idle_gpu" && one.gpu === gpu.index) ? "idle_held" : "held";
  }
  if (gpu.problem !== null) return "quarantined";
  if (!isUsable(gpu)) return "others";
  return closed === null ? "free" : "closed";
}

/** By what the wall can be narrowed down. */
export const machineFilters = ["free", "working", "wasted", "others", "quarantined", "drained", "unreachable"] as const;
export type MachineFilter = (typeof machineFilters)[number];

export function isIn(machine: Machine, filter: MachineFilter): boolean {
  switch (filter) {
    case "free":
      return machine.room === null ? machine.closed === null : machine.room > 0;
    case "working":
      return machine.running.length > 0;
    case "wasted":
      return machine.waste.length > 0;
    case "others":
      return machine.gpus.some(({ others }) => others.length > 0) || machine.reserved.length > 0;
    case "quarantined":
      return machine.gpus.some(({ problem }) => problem !== null);
    case "drained":
      return machine.drained;
    case "unreachable":
      return machine.status === "unreachable" || machine.status === "off";
  }
}

/** Whether anything of it that people know by name has the text in it; small letters are as good as large ones. */
export function isFound(machine: Machine, text: string): boolean {
  const wanted = text.toLowerCase();
  return namesOf(machine).some((name) => name.toLowerCase().includes(wanted));
}

function namesOf({ name, pool, gpus, holders, login, reserved }: Machine): string[] {
  const processes = [...gpus.flatMap(({ others }) => others), ...reserved.map(({ by }) => by)];
  return [
    ...[name, pool, login?.host ?? "", login?.user ?? ""],
    ...gpus.map((gpu) => gpu.name),
    ...holders.flatMap((holder) => [holder.run, holder.name, holder.user]),
    ...processes.flatMap(({ name, user, pid }) => [name, user ?? "", String(pid)]),
  ];
}

/** Machines by their pools: this machine's own pool first, then by name; machines as people count: lab2 before lab10. */
export function inPools(machines: readonly Machine[]): { pool: string; machines: Machine[] }[] {
  const pools = [...Map.groupBy(machines, ({ pool }) => pool)];
  const byName = (a: string, b: string) => collator.compare(a, b);
  return pools
    .sort(([a], [b]) => Number(b === "local") - Number(a === "local") || byName(a, b))
    .map(([pool, some]) => ({ pool, machines: some.sort((a, b) => byName(a.name, b.name)) }));
}

const collator = new Intl.Collator("en", { numeric: true });

export type GpuCounts = Record<GpuState, number>;

/** How many GPUs are in each state. */
export function countGpus(machines: readonly Machine[]): GpuCounts {
  const counts: GpuCounts = { held: 0, idle_held: 0, others: 0, quarantined: 0, closed: 0, free: 0 };
  for (const machine of machines) for (const gpu of machine.gpus) counts[gpuStateOf(gpu, machine)] += 1;
  return counts;
}

/** Machines come in cards while these are few enough to be looked at one by one, and in rows after that. */
export function fitInCards(machines: readonly Machine[]): boolean {
  const gpus = machines.reduce((sum, machine) => sum + machine.gpus.length, 0);
  return machines.length <= MOST_CARDS && gpus <= MOST_TILES;
}

const MOST_CARDS = 12;
const MOST_TILES = 64;
