import type { Command } from "./command.ts";
import type { Demand, Slot } from "./demand.ts";
import type { OutputPatterns } from "./output_patterns.ts";
import type { StopReason } from "./run.ts";
import type { SlurmPlan, Ticket } from "./slurm.ts";

/** All that is needed to start an attempt on its machine. */
export interface Assignment {
  attempt: string;
  job: number;
  n: number;
  try: number;
  slot: Slot;
  command: Command;
  /** A JSON object, the literals as the user wrote them. */
  params: string;
  cwd: string;
  /** Names the variables kept in the yard's files. */
  environment: string;
  /** Those of them that their user named: all that goes to another machine. */
  named: string[];
  /** Octal, e.g. `022`. */
  umask: string;
  /** Soft limits by the letter `ulimit` knows them by. */
  limits: Record<string, string>;
  /** Both streams into this file; null: into the spool. */
  out: string | null;
  snapshot: string | null;
  /** Which of the files that it makes are its results; empty: all. */
  outputs: OutputPatterns;
  /** Its folder stays on the machine. */
  keep: boolean;
  timeLimitMs: number | null;
  /** When its command began, as the yard was told; null: nobody has told. */
  startedAt: number | null;
  /** Which of several workers it is; null: the only one. */
  gang: Gang | null;
  /** The folder where the yard finds what an earlier attempt of the run kept; null: none did. */
  kept: string | null;
  /** What a cluster is told of it. Absent: its machine is none. */
  handed?: Handed;
}

/** How an attempt goes through Slurm. */
export interface Handed {
  plan: SlurmPlan;
  /** What its job is called. */
  name: string;
  demand: Demand;
  resumable: boolean;
  /** How many of its job's attempts may run at once; null: all. */
  atMost: number | null;
  /** What it is known by there; null: it was not handed over. */
  ticket: Ticket | null;
}

/** Workers that start together, as each of them is told. */
export interface Gang {
  /** From 0. */
  rank: number;
  /** Of all workers, in the order of their ranks, as they reach each other. */
  hosts: string[];
  /** Free on the host of rank 0 when that starts. */
  port: number;
}

/** What a worker's checkpoints are kept under from one attempt of its run to the next. */
export function keptName(job: number, n: number, rank: number): string {
  return rank === 0 ? `${job}.${n}` : `${job}.${n}.r${rank}`;
}

/** A wish that an attempt end. */
export interface Stop {
  attempt: string;
  reason: StopReason;
  /** From SIGTERM to SIGKILL. */
  graceMs: number;
}

/** Who is being stopped already can only be hurried; what was to be taken back before it began may be stopped after all. */
export function isNewWish({ reason, graceMs }: Stop, standing: Stop | null): boolean {
  if (standing === null) return true;
  return reason !== "withdrawn" && (standing.reason === "withdrawn" || graceMs < standing.graceMs);
}
