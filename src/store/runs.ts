import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Code } from "../core/job.ts";
import type { JobId, RunStatus, UnixMs } from "../core/run.ts";
import { failedDependency, reviveDependants } from "./dependencies.ts";
import type { Db, Dialect } from "./dialect.ts";
import { makeEndedRuns, makeRuns } from "./jobs.ts";
import { inPortions } from "./portions.ts";
import type { Tables } from "./schema.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";
import { countUnmade } from "./unmade.ts";

/** Runs `first` to `last` of one job; null: all of them. */
export interface RunSpan {
  job: JobId;
  range: { first: number; last: number } | null;
}

export type RunRow = Tables["run"];

export async function selectRun(db: Db, job: JobId, n: number): Promise<RunRow | null> {
  const row = await db.selectFrom("run").selectAll().where("job_id", "=", job).where("n", "=", n).executeTakeFirst();
  return row ?? null;
}

/**
 * SQLite takes an index of only the runs with one status where the statement itself says that status, not a parameter,
 * and where nothing else of the run is asked for: elsewhere it goes by the key, past every run of the job.
 */
export function standsIn(statuses: readonly RunStatus[]): RawBuilder<SqlBool> {
  const [only, ...more] = statuses;
  if (only === undefined) return sql<SqlBool>`1 = 0`;
  if (more.length === 0) return sql<SqlBool>`status = ${sql.lit(only)}`;
  return sql<SqlBool>`status in (${sql.join(statuses.map((status) => sql.lit(status)))})`;
}

/** The next `count` runs of a job that wait, in order. */
export async function selectQueued(db: Db, job: JobId, count: number) {
  const numbers = db
    .selectFrom("run")
    .select("n")
    .where("job_id", "=", job)
    .where(standsIn(["queued"]));
  return ofJob(db, job).where("n", "in", numbers.orderBy("n").limit(count)).orderBy("n").execute();
}

/** Those with these numbers that wait. */
export async function selectQueuedAt(db: Db, job: JobId, numbers: readonly number[]) {
  return inPortions(numbers, (some) =>
    ofJob(db, job)
      .where("n", "in", some)
      .where(standsIn(["queued"]))
      .execute(),
  );
}

function ofJob(db: Db, job: JobId) {
  return db
    .selectFrom("run")
    .select(["n", "attempts", "attempt_id", "code_json", "served_ms"])
    .where("job_id", "=", job);
}

/** All that run, with what they last said of themselves. */
export async function selectRunning(db: Db) {
  return db
    .selectFrom("attempt")
    .innerJoin("run", (join) => join.onRef("run.job_id", "=", "attempt.job_id").onRef("run.n", "=", "attempt.n"))
    .select(["run.job_id", "run.n", "run.started_at", "run.served_ms", "run.progress_json", "run.metrics_json"])
    .select(["attempt.id", "attempt.port"])
    .where("attempt.status", "<>", sql.lit("ended"))
    .where("attempt.status", "=", "running")
    .where("attempt.rank", "=", 0)
    .execute();
}

/** For how long runs of the job have run that succeeded, as many as asked for. There should be as many: all rows are looked at for them. */
export async function selectFinishedSeconds(db: Db, job: JobId, count: number): Promise<number[]> {
  const rows = await db
    .selectFrom("run")
    .select(["started_at", "ended_at", "served_ms"])
    .where("job_id", "=", job)
    .where("status", "=", "succeeded")
    .where("started_at", "is not", null)
    .orderBy("n")
    .limit(count)
    .execute();
  return rows.map(({ started_at, ended_at, served_ms }) => (served_ms + (ended_at ?? 0) - (started_at ?? 0)) / 1000);
}

/** A run that waits to go on where it was stopped. */
export interface GoingOn {
  job: JobId;
  n: number;
  servedMs: number;
}

/** Those that wait to go on, of these jobs. */
export async function selectGoingOn(db: Db, jobs: readonly JobId[]): Promise<GoingOn[]> {
  const rows = await inPortions(jobs, (some) =>
    db
      .selectFrom("run")
      .select(["job_id", "n", "served_ms"])
      .where("job_id", "in", some)
      .where(standsIn(["queued"]))
      .where("served_ms", ">", sql.lit(0))
      .execute(),
  );
  return rows.map(({ job_id, n, served_ms }) => ({ job: job_id, n, servedMs: served_ms }));
}

/** Marks waiting runs as skipped: they are not to be executed. */
export async function skipRuns(
  db: Db,
  dialect: Dialect,
  job: JobId,
  runs: readonly number[],
  now: UnixMs,
): Promise<void> {
  if (runs.length === 0) return;
  await makeRuns(db, dialect, job, 1, Math.max(...runs));
  const updated = await inPortions([...new Set(runs)], async (some) => [
    await db
      .updateTable("run")
      .set({ status: "skipped", ended_at: now })
      .where("job_id", "=", job)
      .where("n", "in", some)
      .where(standsIn(["queued"]))
      .executeTakeFirst(),
  ]);
  const changes: CountChanges = new Map();
  const skipped = updated.reduce((sum, { numUpdatedRows }) => sum + Number(numUpdatedRows), 0);
  shift(changes, job, "queued", "skipped", skipped);
  await writeCounts(db, changes, now);
}

/**
 * Queues runs in `span` again that ended as one of `statuses`, with their retries anew. None while a dependency of the
 * job has failed: a retry of that one brings back what failed because of it.
 * Returns how many, and which jobs were touched by it.
 *
 * @param code  what they work with from now on; null: the code as it was submitted
 */
export async function retryRuns(
  db: Db,
  dialect: Dialect,
  span: RunSpan,
  statuses: readonly RunStatus[],
  code: Code | null,
  now: UnixMs,
): Promise<{ runs: number; touched: JobId[] }> {
  const { job, range } = span;
  if ((await failedDependency(db, job)) !== null) return { runs: 0, touched: [] };
  const changes: CountChanges = new Map();
  let runs = 0;
  if (range) await makeRuns(db, dialect, job, range.first, range.last);
  else if (code !== null) await makeEndedRuns(db, dialect, job);
  else runs += await retryUnmade(db, job, statuses, changes);
  for (const status of statuses) {
    let update = db
      .updateTable("run")
      .set({
        status: "queued",
        tries: 0,
        served_ms: 0,
        cause_json: null,
        exit_code: null,
        started_at: null,
        ended_at: null,
        code_json: code && JSON.stringify(code),
      })
      .where("job_id", "=", job)
      .where(standsIn([status]));
    if (range) update = update.where("n", ">=", range.first).where("n", "<=", range.last);
    const updated = Number((await update.executeTakeFirst()).numUpdatedRows);
    shift(changes, job, status, "queued", updated);
    runs += updated;
  }
  if (runs === 0) return { runs, touched: [] };
  await writeCounts(db, changes, now);
  return { runs, touched: [job, ...(await reviveDependants(db, [job], now))] };
}

async function retryUnmade(db: Db, job: JobId, statuses: readonly RunStatus[], changes: CountChanges): Promise<number> {
  const row = await db.selectFrom("job").select("unmade_status").where("id", "=", job).executeTakeFirst();
  if (!row || row.unmade_status === "queued" || !statuses.includes(row.unmade_status)) return 0;
  const runs = await countUnmade(db, job);
  shift(changes, job, row.unmade_status, "queued", runs);
  await db
    .updateTable("job")
    .set({ unmade_status: "queued", unmade_cause_json: null, unmade_ended_at: null })
    .where("id", "=", job)
    .execute();
  return runs;
}
