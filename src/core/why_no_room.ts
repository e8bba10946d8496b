import type { Because } from "./because.ts";
import type { Demand } from "./demand.ts";
import type { ForeignProcess } from "./machine.ts";
import type { OpenMachine } from "./policy.ts";

/** Why no machine has room for a demand now, told of the machine that comes closest. */
export function whyNoRoom(demand: Demand, machines: OpenMachine[], unreachable: string[]): Because {
  if (machines.length === 0) return { code: "no_machine", unreachable };
  const able = machines.filter(({ ledger }) => ledger.couldEverHold(demand));
  const closest = able.sort((a, b) => b.ledger.free().gpus.length - a.ledger.free().gpus.length)[0];
  if (!closest) return { code: "too_big", asked: demand };
  const { machine, ledger } = closest;
  const on = machine.name;
  const free = ledger.free();
  if (free.slots) {
    if (free.slots.length === 0 || demand.gpus !== null)
      return { code: "slots_busy", total: machine.slots?.length ?? 0, on };
  } else {
    const asked = demand.gpus ?? (machine.hardware.gpus.length > 0 ? 1 : 0);
    if (asked > free.gpus.length) {
      const others = machine.hardware.gpus.flatMap((gpu) =>
        gpu.others.map((other) => describeForeign(gpu.index, other)),
      );
      return { code: "gpus_busy", asked, freeAtMost: free.gpus.length, on, others };
    }
  }
  const cores = demand.cpus ?? 1;
  if (cores > free.cpus) return { code: "cores_busy", asked: cores, freeAtMost: free.cpus, on };
  return { code: "memory_busy", asked: demand, on };
}

function describeForeign(gpu: string, { pid, user, name }: ForeignProcess): string {
  return `GPU ${gpu}: ${name}, pid ${pid}${user === null ? "" : `, user ${user}`}`;
}
