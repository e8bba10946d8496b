import type { Demand } from "./demand.ts";
import type { OutputPatterns } from "./output_patterns.ts";
import type { JobId, UnixMs } from "./run.ts";
import type { SlurmPlan } from "./slurm.ts";

/** How many of a job's runs stand where. `starting` counts under `running`. */
export interface RunCounts {
  total: number;
  queued: number;
  running: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  skipped: number;
}

export const jobStatuses = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** A job is queued until a run has started, running while any has not ended, then what its runs make it. */
export function jobStatus(counts: RunCounts): JobStatus {
  if (counts.running > 0) return "running";
  if (counts.queued > 0) return counts.queued === counts.total - counts.skipped ? "queued" : "running";
  if (counts.failed > 0) return "failed";
  if (counts.cancelled > 0) return "cancelled";
  return "succeeded";
}

/** What is the same for all runs of a job, as it was submitted and never changed after. */
export interface JobPlan {
  /** The folder its runs work in; where a snapshot is used, the folder it was taken from. */
  cwd: string;
  /** Names the variables kept in the yard's files: values never enter the database. */
  environment: string;
  /** Those of them that their user named: all that goes along to another machine. Absent: none (an earlier version's job). */
  named?: string[];
  /** Octal, e.g. `022`. */
  umask: string;
  /** Soft limits by the letter `ulimit` knows them, e.g. {n: "1024"}. */
  limits: Record<string, string>;
  /** Both streams into this file; null: into the spool. */
  out: string | null;
  /** Content address of the code as it was submitted; null: runs work in `cwd` itself. */
  snapshot: string | null;
  /** The commit the code came from; null: not known. */
  commit: string | null;
  /** Which of the files that runs make are their results. Absent: all. */
  outputs?: OutputPatterns;
  /** Absent or false: a run's folder on its machine is removed when everything has been brought over. */
  keep?: boolean;
  /** Where results are put as runs end. Absent: they stay with the yard. */
  results?: ResultsPlace;
  /** How its runs go through Slurm, where one of its pools is Slurm's. */
  slurm?: SlurmPlan;
}

/** A folder of the user's for the results of a batch. */
export interface ResultsPlace {
  folder: string;
  prefix: string;
  /** Paths below which results are taken; empty: all. */
  only: string[];
}

/** What the results of a run are filed under: `<prefix>.<line>`. */
export function resultsName({ prefix }: ResultsPlace, line: number): string {
  return `${prefix}.${line}`;
}

/** The code that runs work with. */
export type Code = Pick<JobPlan, "snapshot" | "commit">;

/** What the scheduler and the agent have to know of a job. */
export interface JobRules {
  id: JobId;
  pool: string;
  priority: number;
  paused: boolean;
  demand: Demand;
  retries: number;
  timeLimitMs: number | null;
  atMost: number | null;
  resumable: boolean;
  submittedAt: UnixMs;
}
