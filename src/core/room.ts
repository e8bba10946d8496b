import type { Demand, Slot } from "./demand.ts";
import { openLedger } from "./ledger.ts";
import type { Machine } from "./machine.ts";

/** What a run asks for that says nothing of it: 1 GPU where the machine has any, else 1 core. */
const usualDemand: Demand = { gpus: null, cpus: null, memoryBytes: null };

/** No machine takes more runs at once than anyone would count. */
const MOST_COUNTED = 1000;

/** How many more runs that ask for nothing special would find a place beside those that are held; a cluster's queue takes all: null. */
export function roomOn(machine: Machine, held: readonly Slot[]): number | null {
  if (machine.hasQueue) return null;
  const ledger = openLedger(machine);
  for (const slot of held) ledger.hold(slot);
  for (let runs = 0; runs < MOST_COUNTED; runs += 1) {
    const slot = ledger.place(usualDemand);
    if (slot === null) return runs;
    ledger.hold(slot);
  }
  return MOST_COUNTED;
}
