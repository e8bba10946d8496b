import type { Because, Besides } from "./because.ts";
import type { Demand } from "./demand.ts";
import { gpusAsked, slotSuits } from "./ledger.ts";
import type { ForeignProcess, Machine } from "./machine.ts";
import type { OpenMachine } from "./open_machine.ts";

/** Why no machine has room for a demand now, told of the machine that comes closest. */
export function whyNoRoom(demand: Demand, machines: readonly OpenMachine[], closed: string[]): Because {
  if (machines.length === 0) return { code: "no_machine", closed };
  const { need } = demand;
  if (need) {
    const meant = machines.filter(({ machine }) => demand.machines?.includes(machine.name) ?? true);
    if (meant.length === 0) return { code: "no_machine", closed };
    const looks = meant.map(({ machine, ledger }) => ({ name: machine.name, because: ledger.capacity(need).because }));
    return { code: "no_capacity", machines: looks };
  }
  const closest = closestOf(demand, machines);
  if (!closest) return { code: "too_big", asked: demand };
  const { machine, ledger } = closest;
  const on = machine.name;
  if (machine.hasQueue) return { code: "queue_full", most: machine.hardware.most ?? 0, on };
  const free = ledger.free();
  const suits = (slot: string) => slotSuits(slot, demand, machine);
  if (free.slots && !free.slots.some(suits)) {
    const slots = machine.slots ?? [];
    const suiting = slots.filter(suits).length;
    return { code: "slots_busy", suiting, total: slots.length, on, ...besides(machine) };
  }
  const gpus = gpusAsked(demand, machine);
  const { gpuKind: kind } = demand;
  const { length: freeAtMost } = ledger.freeGpus(kind);
  if (!free.slots && gpus > freeAtMost) {
    return { code: "gpus_busy", asked: gpus, ...(kind && { kind }), freeAtMost, on, ...besides(machine) };
  }
  const cores = demand.cpus ?? (free.slots || gpus > 0 ? 0 : 1);
  if (cores > free.cpus) return { code: "cores_busy", asked: cores, freeAtMost: Math.max(0, free.cpus), on };
  return { code: "memory_busy", askedBytes: demand.memoryBytes ?? 0, freeBytes: Math.max(0, free.memoryBytes), on };
}

/** Of those that could ever hold it the one with the most free GPUs, the first of several; null: none could. */
function closestOf(demand: Demand, machines: readonly OpenMachine[]): OpenMachine | null {
  let closest: OpenMachine | null = null;
  let most = -1;
  for (const open of machines) {
    const { length: free } = open.ledger.freeGpus(demand.gpuKind);
    if (free <= most || open.ledger.couldEverHold(demand) === 0) continue;
    closest = open;
    most = free;
  }
  return closest;
}

/** What keeps the machine's GPUs from its runs, besides its runs. */
function besides({ hardware }: Machine): Besides {
  const broken = Map.groupBy(
    hardware.gpus.filter(({ problem }) => problem !== null),
    ({ problem }) => problem,
  );
  return {
    others: [
      ...hardware.gpus.flatMap(({ index, others }) => others.map((other) => describeForeign(index, other))),
      ...hardware.reserved.map(({ device, by }) => describeForeign(device, by)),
    ],
    broken: [...broken].map(([problem, gpus]) => {
      return `GPU${gpus.length === 1 ? "" : "s"} ${gpus.map(({ index }) => index).join(", ")}: ${problem}`;
    }),
  };
}

function describeForeign(gpu: string, { pid, user, name }: ForeignProcess): string {
  return `GPU ${gpu}: ${name}, pid ${pid}${user === null ? "" : `, user ${user}`}`;
}
