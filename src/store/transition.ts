import { sql } from "kysely";
import type { JobId, RunStatus, UnixMs } from "../core/run.ts";
import { mayMove } from "../core/transitions.ts";
import { type Db, wordsOf } from "./dialect.ts";
import { tellOfEnds } from "./notices.ts";

/** The columns of a job that count its runs. `starting` counts under `running`. */
export type Count = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";

export function countOf(status: RunStatus): Count {
  return status === "starting" ? "running" : status;
}

/** How a job's counts change: added up first, written once. */
export type CountChanges = Map<JobId, Partial<Record<Count, number>>>;

/** Every move of a run passes here, whoever asks for it: what the table of moves does not know is a bug of ours. */
export function shift(changes: CountChanges, job: JobId, from: RunStatus, to: RunStatus, runs = 1): void {
  if (!mayMove(from, to)) throw new Error(`a run of job ${job} cannot go from ${from} to ${to}`);
  const counts = changes.get(job) ?? {};
  counts[countOf(from)] = (counts[countOf(from)] ?? 0) - runs;
  counts[countOf(to)] = (counts[countOf(to)] ?? 0) + runs;
  changes.set(job, counts);
}

const countColumns = {
  id: "bigint",
  queued: "bigint",
  running: "bigint",
  succeeded: "bigint",
  failed: "bigint",
  cancelled: "bigint",
  skipped: "bigint",
} as const;

/**
 * Writes the changes, and marks as ended (or open again) the jobs that now are. Returns the jobs that ended by it: of
 * each, those who want to be told of it will be.
 */
export async function writeCounts(db: Db, changes: CountChanges, now: UnixMs): Promise<JobId[]> {
  const rows = [...changes]
    .map(([job, { queued = 0, running = 0, succeeded = 0, failed = 0, cancelled = 0, skipped = 0 }]) => {
      return [job, queued, running, succeeded, failed, cancelled, skipped];
    })
    .filter(([, ...counts]) => counts.some((count) => count !== 0));
  if (rows.length === 0) return [];
  const written = await sql<{ id: JobId; open: number }>`update job set
    queued = job.queued + change.queued, running = job.running + change.running,
    succeeded = job.succeeded + change.succeeded, failed = job.failed + change.failed,
    cancelled = job.cancelled + change.cancelled, skipped = job.skipped + change.skipped,
    ended_at = case when job.queued + change.queued + job.running + change.running = 0
      then coalesce(job.ended_at, cast(${now} as bigint)) end
    from ${wordsOf(db).table(countColumns, rows)} as change where job.id = change.id
    returning job.id, job.queued + job.running as open`.execute(db);
  const ended = written.rows.filter(({ id, open }) => open === 0 && hadOpenRuns(changes, id)).map(({ id }) => id);
  await tellOfEnds(db, ended, now);
  return ended;
}

function hadOpenRuns(changes: CountChanges, job: JobId): boolean {
  const { queued = 0, running = 0 } = changes.get(job) ?? {};
  return queued + running < 0;
}
