import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { JobId, RunStatus, UnixMs } from "../core/run.ts";
import { failedDependency, reviveDependants } from "./dependencies.ts";
import { type Db, type Dialect, storable } from "./dialect.ts";
import { makeRuns } from "./jobs.ts";
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

/** A job's runs in order, from the one after `after`; only those in `statuses` where given. */
export async function selectRuns(
  db: Db,
  job: JobId,
  statuses: readonly RunStatus[] | null,
  after: number,
  limit: number,
): Promise<RunRow[]> {
  let numbers = db.selectFrom("run").select("n").where("job_id", "=", job).where("n", ">", after);
  if (statuses) numbers = numbers.where(standsIn(statuses));
  return db
    .selectFrom("run")
    .selectAll()
    .where("job_id", "=", job)
    .where("n", "in", numbers.orderBy("n").limit(limit))
    .orderBy("n")
    .execute();
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

/** Runs that have a result, by one of its numbers; those of which it is none (absent, NaN, a word) last, in order. */
export async function selectRunsByResult(
  db: Db,
  _dialect: Dialect,
  job: JobId,
  sort: { key: string; descending: boolean },
  offset: number,
  limit: number,
): Promise<RunRow[]> {
  const key = storable(sort.key);
  const numbered = await db
    .selectFrom("result_number")
    .innerJoin("run", (join) =>
      join.onRef("run.job_id", "=", "result_number.job_id").onRef("run.n", "=", "result_number.n"),
    )
    .selectAll("run")
    .where("result_number.job_id", "=", job)
    .where("result_number.key", "=", key)
    .orderBy("result_number.value", sort.descending ? "desc" : "asc")
    .orderBy("result_number.n")
    .offset(offset)
    .limit(limit)
    .execute();
  if (numbered.length === limit) return numbered;
  const before = numbered.length > 0 ? offset + numbered.length : await countNumbers(db, job, key);
  const others = await db
    .selectFrom("run")
    .selectAll()
    .where("job_id", "=", job)
    .where("result_json", "is not", null)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("result_number")
            .select("result_number.n")
            .whereRef("result_number.job_id", "=", "run.job_id")
            .whereRef("result_number.n", "=", "run.n")
            .where("key", "=", key),
        ),
      ),
    )
    .orderBy("n")
    .offset(offset + numbered.length - before)
    .limit(limit - numbered.length)
    .execute();
  return [...numbered, ...others];
}

async function countNumbers(db: Db, job: JobId, key: string): Promise<number> {
  const row = await db
    .selectFrom("result_number")
    .select(sql<number>`count(*)`.as("count"))
    .where("job_id", "=", job)
    .where("key", "=", key)
    .executeTakeFirst();
  return row?.count ?? 0;
}

/** The next `count` runs of a job that wait, in order. */
export async function selectQueued(db: Db, job: JobId, count: number) {
  const numbers = db
    .selectFrom("run")
    .select("n")
    .where("job_id", "=", job)
    .where(standsIn(["queued"]));
  return db
    .selectFrom("run")
    .select(["n", "attempts", "attempt_id"])
    .where("job_id", "=", job)
    .where("n", "in", numbers.orderBy("n").limit(count))
    .orderBy("n")
    .execute();
}

/**
 * Queues runs in `span` again that ended as one of `statuses`, with their retries anew. None while a dependency of the
 * job has failed: a retry of that one brings back what failed because of it.
 * Returns how many, and which jobs were touched by it.
 */
export async function retryRuns(
  db: Db,
  dialect: Dialect,
  span: RunSpan,
  statuses: readonly RunStatus[],
  now: UnixMs,
): Promise<{ runs: number; touched: JobId[] }> {
  const { job, range } = span;
  if ((await failedDependency(db, job)) !== null) return { runs: 0, touched: [] };
  const changes: CountChanges = new Map();
  let runs = 0;
  if (range) await makeRuns(db, dialect, job, range.first, range.last);
  else runs += await retryUnmade(db, job, statuses, changes);
  for (const status of statuses) {
    let update = db
      .updateTable("run")
      .set({ status: "queued", tries: 0, cause_json: null, exit_code: null, started_at: null, ended_at: null })
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
