import type { Because } from "./because.ts";
import type { Demand, Slot } from "./demand.ts";
import type { Ledger } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { JobId, SteadyMs } from "./run.ts";

/** A job of which runs wait, as a policy sees it. All its runs ask for the same and are alike to it. */
export interface WaitingJob {
  id: JobId;
  priority: number;
  demand: Demand;
  /** Runs that could start as far as the job's own rules (`--at-most`) go: at least 1. */
  startable: number;
  /** How long one of its runs may take; null: not known. */
  timeLimitMs: number | null;
  /** Since when one of its runs has not fitted; null: it was not so at the last look. */
  blockedSince: SteadyMs | null;
}

/** A machine that takes runs now, with its account, in which the policy holds slots as it decides. */
export interface OpenMachine {
  machine: Machine;
  ledger: Ledger;
  /** What is held now and when it is expected back; `endsAt` null: not known. */
  held: { slot: Slot; endsAt: SteadyMs | null }[];
}

export interface PolicyState {
  /**
   * The jobs of one pool, ordered by priority (higher first), then submission, but for those whose `demandKey` is in
   * `without`, which may grow while one goes through: what is left out costs nothing.
   */
  waiting: (without: ReadonlySet<string>) => Iterable<WaitingJob>;
  machines: OpenMachine[];
  /** Why others of the pool's machines take no runs now, worded: `lab2 cannot be reached`. */
  closed: string[];
}

/** A share of a machine for one worker. */
export interface Place {
  machine: number;
  slot: Slot;
}

export type Decision =
  /** One of the job's runs starts; its workers in the order of their ranks. */
  { do: "start"; job: JobId; workers: Place[] } | { do: "wait"; job: JobId; because: Because };

/**
 * Decides which waiting runs start now and why others wait. The slots of what it starts are held in the ledgers on
 * return. A job behind another one with the same demand is left out: it waits for the same reason.
 */
export type Policy = (state: PolicyState, now: SteadyMs) => Decision[];
