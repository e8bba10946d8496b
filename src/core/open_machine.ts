import type { Slot } from "./demand.ts";
import type { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { SteadyMs } from "./run.ts";

/** A machine that takes runs now, with its account, in which slots are held as they are decided on. */
export interface OpenMachine {
  machine: Machine;
  ledger: Ledger;
  /** What is held now and when it is expected back; `endsAt` null: not known. */
  held: { slot: Slot; endsAt: SteadyMs | null }[];
}

/** A share of a machine for one worker. */
export interface Place {
  machine: number;
  slot: Slot;
}
