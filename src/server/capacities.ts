import type { Capacity } from "../core/capacity.ts";
import type { Demand } from "../core/demand.ts";
import { isWithin, minuteOfDay } from "../core/hours.ts";
import { openLedger } from "../core/ledger.ts";
import type { Machine } from "../core/machine.ts";
import { allowsOf, selectMachines } from "../store/machines.ts";
import type { Yard } from "./yard.ts";

/** How many runs of a need a machine has room for. */
export interface MachineCapacity {
  name: string;
  /** It has answered, and takes runs now. */
  isOpen: boolean;
  /** This yard's own runs not counted. */
  capacity(): Capacity;
}

/** The machines of a pool that a demand may be placed on, with their room for it. */
export async function capacities(yard: Yard, pool: string, demand: Demand): Promise<MachineCapacity[]> {
  const { need, machines: names } = demand;
  if (!need) return [];
  const minute = minuteOfDay(yard.clock.now());
  const rows = (await selectMachines(yard.store.read)).filter(
    (row) => row.pool === pool && (names?.includes(row.name) ?? true),
  );
  return rows.map((row) => {
    const machine: Machine = { ...row, ...allowsOf(row), ...yard.presence.of(row.id) };
    const { seenAt, unreachableSince, drained, hardware, allows } = machine;
    const isAwake = !allows?.hours || isWithin(allows.hours, minute);
    return {
      name: row.name,
      isOpen: seenAt !== null && unreachableSince === null && !drained && hardware.blocked === null && isAwake,
      capacity: () => openLedger(machine).capacity(need),
    };
  });
}
