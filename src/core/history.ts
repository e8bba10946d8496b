import type { UnixMs } from "./run.ts";
import type { Selector } from "./selector.ts";

/** A try at a run that held its place until it ended. */
export interface HeldTry {
  assignedAt: UnixMs;
  startedAt: UnixMs;
  endedAt: UnixMs;
  /** Of all its workers together; 0: it ran on cores alone. */
  gpus: number;
  isPreempted: boolean;
  /** Null: its machine has been removed. */
  pool: string | null;
}

/** A run that has ended, and what the store knows of the time before. */
export interface EndedRun {
  job: number;
  n: number;
  /** How many runs its job has now. */
  total: number;
  submittedAt: UnixMs;
  /** When the jobs that its job waits for ended, as far as they have. */
  waitedFor: readonly UnixMs[];
  /** In the order in which they were assigned. */
  tries: readonly HeldTry[];
}

/** What somebody did after which a run could start, which it could not before. */
export interface Release {
  action: "retry" | "resume" | "extend";
  at: UnixMs;
  /** The jobs and runs that were meant. */
  meant: readonly Selector[];
  /** `extend`: how many runs came to the job, behind those it had; else 0. */
  added: number;
}

/** How a run was served, from when it could start to its end. */
export interface LivedRun {
  couldStartAt: UnixMs;
  startedAt: UnixMs;
  endedAt: UnixMs;
  /** For how long its tries have held their places together. */
  servedMs: number;
  preemptions: number;
  gpus: number;
  pool: string | null;
  tries: readonly HeldTry[];
}

/**
 * The run as it was lived through since it was last asked for: what it ran before somebody had it tried again belongs to
 * an earlier wish. It could start when it was submitted, and not before the jobs that it waited for had ended, nor before it
 * was resumed or its sweep was extended by it. Null: it has held no place.
 *
 * @param releases  those of its job, in the order in which they were made
 */
export function livedRun(run: EndedRun, releases: readonly Release[]): LivedRun | null {
  const mine = releases.filter(({ action, meant }) => action === "resume" || meant.some((one) => namesRun(one, run)));
  const asked = mine.findLast(({ action, at }) => action === "retry" && isBetween(run.tries, at))?.at ?? 0;
  const tries = run.tries.filter(({ assignedAt }) => assignedAt >= asked);
  const [first, last] = [tries[0], tries.at(-1)];
  if (!first || !last) return null;
  const resumed = mine.flatMap(({ action, at }) => (action === "resume" && at <= first.assignedAt ? [at] : []));
  const earliest = Math.max(run.submittedAt, asked, extendedAt(run, mine), ...run.waitedFor, ...resumed);
  const startedAt = Math.min(...tries.map((one) => one.startedAt));
  return {
    // What it waited for may have been tried again since, and have ended later.
    couldStartAt: Math.min(earliest, startedAt),
    startedAt,
    endedAt: Math.max(...tries.map(({ endedAt }) => endedAt)),
    servedMs: tries.reduce((sum, one) => sum + Math.max(0, one.endedAt - one.startedAt), 0),
    preemptions: tries.filter(({ isPreempted }) => isPreempted).length,
    gpus: last.gpus,
    pool: last.pool,
    tries,
  };
}

/** Whether something of the job is meant. */
export function namesJob(selector: Selector, job: number): boolean {
  if (selector.kind === "runs") return selector.job === job;
  return selector.kind !== "jobs" || (selector.first <= job && job <= selector.last);
}

function namesRun(selector: Selector, { job, n }: EndedRun): boolean {
  return namesJob(selector, job) && (selector.kind !== "runs" || (selector.first <= n && n <= selector.last));
}

/** Whether the run had been tried before and was tried again later, but not at that moment: else it was not retried then. */
function isBetween(tries: readonly HeldTry[], at: UnixMs): boolean {
  const [before, later] = [tries.filter((one) => one.assignedAt < at), tries.filter((one) => one.assignedAt >= at)];
  return before.length > 0 && later.length > 0 && before.every(({ endedAt }) => endedAt <= at);
}

/** When the run came to its job; 0: it was there from the beginning. */
function extendedAt({ n, total }: EndedRun, releases: readonly Release[]): UnixMs {
  let first = total + 1;
  for (const { action, at, added } of releases.toReversed()) {
    if (action !== "extend") continue;
    first -= added;
    if (n >= first) return at;
  }
  return 0;
}
