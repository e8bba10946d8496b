import { type Demand, type Slot, workersOf } from "../demand.ts";
import type { Machine } from "../machine.ts";
import type { OpenMachine } from "../open_machine.ts";

/**
 * The order of the pools stays; within one, machines are filled first whose GPUs have the least memory that will do, and of
 * those the ones with the fewest free. Those who cannot are left out.
 */
export function bestFirst<Open extends OpenMachine>(machines: readonly Open[], demand: Demand): Open[] {
  const pools = new Map<string, { open: Open; memory: number; free: number }[]>();
  for (const open of machines) {
    const slot = open.ledger.place(demand);
    if (!slot) continue;
    const { pool, hasQueue = false } = open.machine;
    const key = `${hasQueue}/${pool}`;
    const list = pools.get(key) ?? [];
    list.push({ open, memory: memoryOf(slot, open.machine), free: open.ledger.freeGpus().length });
    pools.set(key, list);
  }
  const isAsTheyStand = workersOf(demand) > 1 || demand.need !== undefined || demand.gpus === 0;
  return [...pools.values()].flatMap((list) => {
    if (!isAsTheyStand) list.sort((a, b) => a.memory - b.memory || a.free - b.free);
    return list.map(({ open }) => open);
  });
}

/** Of the largest GPU in the slot; 0: not known. */
function memoryOf({ gpus }: Slot, { hardware }: Machine): number {
  let most = 0;
  for (const { index, memoryBytes } of hardware.gpus)
    if ((memoryBytes ?? 0) > most && gpus.includes(index)) most = memoryBytes ?? 0;
  return most;
}
