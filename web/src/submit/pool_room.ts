import type { Machine } from "../../../src/api/machine.ts";
import { counted } from "../../../src/core/number_text.ts";

/** What of a pool is free now, in a few words; `some`: whether anything is. */
export interface PoolRoom {
  text: string;
  some: boolean;
}

type Seen = Pick<Machine, "status" | "drained" | "cpus" | "gpus" | "slots" | "running" | "driver">;

/** @param machines  those of the pool */
export function poolRoom(machines: readonly Seen[]): PoolRoom {
  if (machines.length === 0) return { text: "no machine yet", some: false };
  if (machines.some(({ driver }) => driver === "slurm"))
    return { text: "a cluster with a queue of its own", some: true };
  const open = machines.filter(({ status, drained }) => !drained && (status === "idle" || status === "working"));
  if (open.length === 0)
    return { text: machines.length === 1 ? "not reachable, or drained" : "no machine takes runs", some: false };
  const where = machines.length > 1 ? ` on ${counted(machines.length, "machine")}` : "";
  const slots = open.flatMap((machine) => machine.slots ?? []);
  if (slots.length > 0)
    return of(slots.filter(({ heldBy, draining }) => heldBy === null && !draining).length, slots.length, "slot", where);
  const gpus = open.flatMap((machine) => machine.gpus);
  if (gpus.length > 0) {
    const free = gpus.filter(
      ({ heldBy, others, problem }) => heldBy.length === 0 && others.length === 0 && problem === null,
    );
    return of(free.length, gpus.length, "GPU", where);
  }
  const cores = open.reduce((sum, { cpus }) => sum + cpus, 0);
  const running = open.reduce((sum, machine) => sum + machine.running.length, 0);
  const busy = running > 0 ? `, ${counted(running, "run")} now` : "";
  return { text: `no GPU, ${counted(cores, "core")}${busy}${where}`, some: running < cores };
}

function of(free: number, all: number, word: string, where: string): PoolRoom {
  return { text: `${free} of ${counted(all, word)} free${where}`, some: free > 0 };
}
