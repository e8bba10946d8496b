import type { Because } from "./because.ts";
import type { Demand } from "./demand.ts";
import type { ForeignProcess, Machine } from "./machine.ts";
import type { OpenMachine } from "./policy.ts";

/** Why no machine has room for a demand now, told of the machine that comes closest. */
export function whyNoRoom(demand: Demand, machines: OpenMachine[], closed: string[]): Because {
  if (machines.length === 0) return { code: "no_machine", closed };
  const { need } = demand;
  if (need) {
    const meant = machines.filter(({ machine }) => demand.machines?.includes(machine.name) ?? true);
    if (meant.length === 0) return { code: "no_machine", closed };
    const looks = meant.map(({ machine, ledger }) => ({ name: machine.name, because: ledger.capacity(need).because }));
    return { code: "no_capacity", machines: looks };
  }
  const able = machines.filter(({ ledger }) => ledger.couldEverHold(demand));
  const closest = able.sort((a, b) => b.ledger.free().gpus.length - a.ledger.free().gpus.length)[0];
  if (!closest) return { code: "too_big", asked: demand };
  const { machine, ledger } = closest;
  const on = machine.name;
  const free = ledger.free();
  if (free.slots) {
    if (free.slots.length === 0 || demand.gpus !== null)
      return { code: "slots_busy", total: machine.slots?.length ?? 0, on, others: othersIn(machine) };
  } else {
    const asked = demand.gpus ?? (machine.hardware.gpus.length > 0 ? 1 : 0);
    if (asked > free.gpus.length) {
      return { code: "gpus_busy", asked, freeAtMost: free.gpus.length, on, others: othersIn(machine) };
    }
  }
  const cores = demand.cpus ?? 1;
  if (cores > free.cpus) return { code: "cores_busy", asked: cores, freeAtMost: free.cpus, on };
  return { code: "memory_busy", asked: demand, on };
}

/** What keeps the machine's GPUs from its runs, besides its runs. */
function othersIn({ hardware }: Machine): string[] {
  const inUse = hardware.gpus.flatMap(({ index, problem, others }) => [
    ...(problem === null ? [] : [`GPU ${index}: ${problem}`]),
    ...others.map((other) => describeForeign(index, other)),
  ]);
  return [...inUse, ...hardware.reserved.map(({ device, by }) => describeForeign(device, by))];
}

function describeForeign(gpu: string, { pid, user, name }: ForeignProcess): string {
  return `GPU ${gpu}: ${name}, pid ${pid}${user === null ? "" : `, user ${user}`}`;
}
