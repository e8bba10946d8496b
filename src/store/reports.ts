import type { AttemptId, Ending, JobId, StopReason, UnixMs } from "../core/run.ts";
import { countsAsTry, outcome } from "../core/transitions.ts";
import { settleDependants } from "./dependencies.ts";
import type { Db } from "./dialect.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

/** What drivers report, as the store keeps it. Each is idempotent: said twice, it counts once. */

export interface Started {
  attempt: AttemptId;
  at: UnixMs;
}

export interface Observed {
  attempt: AttemptId;
  progress: { done: number; of: number | null } | null;
  metrics: Record<string, unknown>;
  result: Record<string, unknown>;
}

export interface Ended {
  attempt: AttemptId;
  startedAt: UnixMs | null;
  endedAt: UnixMs;
  ending: Ending;
  /** The machine itself stopped it at its time limit. */
  timeLimit: boolean;
  /** Where its streams lie, as JSON. */
  output: string;
  memoryPeakBytes: number | null;
  gpuMemoryPeakBytes: number | null;
}

/** What a report changed, for those who watch. */
export interface Touched {
  job: JobId;
  n: number;
  attempt: AttemptId;
}

export async function recordStarts(db: Db, starts: Started[]): Promise<Touched[]> {
  const touched: Touched[] = [];
  for (const start of starts) {
    const row = await db
      .updateTable("attempt")
      .set({ status: "running", started_at: start.at })
      .where("id", "=", start.attempt)
      .where("status", "in", ["assigned", "taken"])
      .returning(["job_id", "n", "machine_id"])
      .executeTakeFirst();
    if (!row) continue;
    await db
      .updateTable("run")
      .set((run) => ({
        status: "running",
        started_at: start.at,
        machine: run.selectFrom("machine").select("name").where("id", "=", row.machine_id),
      }))
      .where("job_id", "=", row.job_id)
      .where("n", "=", row.n)
      .where("attempt_id", "=", start.attempt)
      .execute();
    touched.push({ job: row.job_id, n: row.n, attempt: start.attempt });
  }
  return touched;
}

/** Last values win; a run that has moved on to another attempt keeps that one's. */
export async function recordObserved(db: Db, observed: Observed[]): Promise<Touched[]> {
  const touched: Touched[] = [];
  for (const { attempt, progress, metrics, result } of observed) {
    const run = await db
      .selectFrom("run")
      .innerJoin("attempt", (join) =>
        join.onRef("attempt.job_id", "=", "run.job_id").onRef("attempt.n", "=", "run.n"),
      )
      .select(["run.job_id", "run.n", "run.metrics_json", "run.result_json", "run.attempt_id"])
      .where("attempt.id", "=", attempt)
      .executeTakeFirst();
    if (!run || run.attempt_id !== attempt) continue;
    await db
      .updateTable("run")
      .set({
        ...(progress && { progress_json: JSON.stringify(progress) }),
        ...(Object.keys(metrics).length > 0 && { metrics_json: merged(run.metrics_json, metrics) }),
        ...(Object.keys(result).length > 0 && { result_json: merged(run.result_json, result) }),
        attempt_id: attempt,
      })
      .where("job_id", "=", run.job_id)
      .where("n", "=", run.n)
      .execute();
    touched.push({ job: run.job_id, n: run.n, attempt });
  }
  return touched;
}

function merged(json: string | null, values: Record<string, unknown>): string {
  return JSON.stringify({ ...(json === null ? {} : (JSON.parse(json) as Record<string, unknown>)), ...values });
}

export interface EndsRecorded {
  touched: Touched[];
  /** Jobs whose waiting runs or ends have changed: the loop looks at them again. */
  jobs: JobId[];
  endedJobs: JobId[];
}

export async function recordEnds(db: Db, ends: Ended[], now: UnixMs): Promise<EndsRecorded> {
  if (ends.length === 0) return { touched: [], jobs: [], endedJobs: [] };
  const touched: Touched[] = [];
  const changes: CountChanges = new Map();
  const rows = await selectForEnds(db, ends.map((end) => end.attempt));
  for (const end of ends) {
    const row = rows.get(end.attempt);
    if (!row) continue;
    rows.delete(end.attempt);
    const stopReason = end.timeLimit ? "time_limit" : (row.stop_reason as StopReason | null);
    await db
      .updateTable("attempt")
      .set({
        status: "ended",
        started_at: end.startedAt,
        ended_at: end.endedAt,
        ending_json: JSON.stringify(end.ending),
        stop_reason: stopReason,
        output_json: end.output,
        memory_peak_bytes: end.memoryPeakBytes,
        gpu_memory_peak_bytes: end.gpuMemoryPeakBytes,
      })
      .where("id", "=", end.attempt)
      .execute();
    touched.push({ job: row.job_id, n: row.n, attempt: end.attempt });
    if (row.attempt_id !== end.attempt) continue;
    const tries = row.tries + (countsAsTry(end.ending, stopReason) ? 1 : 0);
    const next = outcome(end.ending, stopReason, tries, row.retries, row.time_limit_ms);
    await db
      .updateTable("run")
      .set({
        status: next.status,
        tries,
        machine: row.machine,
        cause_json: "cause" in next && next.cause ? JSON.stringify(next.cause) : null,
        exit_code: exitCodeOf(end.ending),
        started_at: end.startedAt,
        ended_at: next.status === "queued" ? null : end.endedAt,
      })
      .where("job_id", "=", row.job_id)
      .where("n", "=", row.n)
      .execute();
    shift(changes, row.job_id, row.status, next.status);
  }
  const endedJobs = await writeCounts(db, changes, now);
  const dependants = await settleDependants(db, endedJobs, now);
  return { touched, jobs: [...changes.keys(), ...dependants], endedJobs };
}

async function selectForEnds(db: Db, attempts: AttemptId[]) {
  const rows = await db
    .selectFrom("attempt")
    .innerJoin("run", (join) => join.onRef("run.job_id", "=", "attempt.job_id").onRef("run.n", "=", "attempt.n"))
    .innerJoin("job", "job.id", "attempt.job_id")
    .innerJoin("machine", "machine.id", "attempt.machine_id")
    .select(["attempt.id", "attempt.job_id", "attempt.n", "attempt.stop_reason", "machine.name as machine"])
    .select(["run.status", "run.tries", "run.attempt_id", "job.retries", "job.time_limit_ms"])
    .where("attempt.id", "in", attempts)
    .where("attempt.status", "<>", "ended")
    .execute();
  return new Map(rows.map((row) => [row.id, row]));
}

/** A shell's view of an end: 128 + n for a signal, null where nothing is known. */
function exitCodeOf(ending: Ending): number | null {
  switch (ending.kind) {
    case "exited":
      return ending.exitCode;
    case "signalled":
      return 128 + ending.signal;
    case "could_not_start":
      return 127;
    case "lost":
    case "never_began":
      return null;
  }
}
