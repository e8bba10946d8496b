import { sql } from "kysely";
import type { JobId, RunStatus, UnixMs } from "../core/run.ts";
import { reviveDependants, settleDependants } from "./dependencies.ts";
import type { Db, Dialect } from "./dialect.ts";
import { makeRuns } from "./jobs.ts";
import type { Tables } from "./schema.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

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
  let query = db.selectFrom("run").selectAll().where("job_id", "=", job).where("n", ">", after);
  if (statuses) query = query.where("status", "in", statuses);
  return query.orderBy("n").limit(limit).execute();
}

/** Runs that have a result, by one of its numbers; runs without it last. */
export async function selectRunsByResult(
  db: Db,
  dialect: Dialect,
  job: JobId,
  sort: { key: string; descending: boolean },
  offset: number,
  limit: number,
): Promise<RunRow[]> {
  const value = dialect.jsonNumber("result_json", sort.key);
  const order = sort.descending ? sql`${value} is null, ${value} desc` : sql`${value} is null, ${value}`;
  return db
    .selectFrom("run")
    .selectAll()
    .where("job_id", "=", job)
    .where("result_json", "is not", null)
    .orderBy(order)
    .orderBy("n")
    .offset(offset)
    .limit(limit)
    .execute();
}

/** The next `count` runs of a job that wait, in order. */
export async function selectQueued(db: Db, job: JobId, count: number) {
  return db
    .selectFrom("run")
    .select(["n", "attempts", "attempt_id"])
    .where("job_id", "=", job)
    .where("status", "=", "queued")
    .orderBy("n")
    .limit(count)
    .execute();
}

/**
 * Cancels what waits in `span`. What runs is not touched here: see wantStops.
 * Returns how many were cancelled and which jobs were touched by it.
 */
export async function cancelQueued(
  db: Db,
  dialect: Dialect,
  span: RunSpan,
  now: UnixMs,
): Promise<{ runs: number; touched: JobId[] }> {
  const { job, range } = span;
  if (range) await makeRuns(db, dialect, job, range.first, range.last);
  let update = db
    .updateTable("run")
    .set({ status: "cancelled", ended_at: now })
    .where("job_id", "=", job)
    .where("status", "=", "queued");
  if (range) update = update.where("n", ">=", range.first).where("n", "<=", range.last);
  let runs = Number((await update.executeTakeFirst()).numUpdatedRows);
  if (!range) {
    // What has no row yet waits too: the count knows it, and its row will be made cancelled.
    const row = await db.selectFrom("job").select("queued").where("id", "=", job).executeTakeFirst();
    runs = row?.queued ?? 0;
    await db.updateTable("job").set({ unmade_status: "cancelled" }).where("id", "=", job).execute();
  }
  const changes: CountChanges = new Map();
  shift(changes, job, "queued", "cancelled", runs);
  const ended = runs > 0 ? await writeCounts(db, changes, now) : [];
  return { runs, touched: [job, ...(await settleDependants(db, ended, now))] };
}

/**
 * Queues runs in `span` again that ended as one of `statuses`, with their retries anew.
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
  const row = await db.selectFrom("job").select(["total", "unmade_status"]).where("id", "=", job).executeTakeFirst();
  if (!row) return { runs: 0, touched: [] };
  if (range) await makeRuns(db, dialect, job, range.first, range.last);
  else if (statuses.includes(row.unmade_status)) await makeRuns(db, dialect, job, 1, row.total);
  const changes: CountChanges = new Map();
  let runs = 0;
  for (const status of statuses) {
    let update = db
      .updateTable("run")
      .set({ status: "queued", tries: 0, cause_json: null, ended_at: null })
      .where("job_id", "=", job)
      .where("status", "=", status);
    if (range) update = update.where("n", ">=", range.first).where("n", "<=", range.last);
    const updated = Number((await update.executeTakeFirst()).numUpdatedRows);
    shift(changes, job, status, "queued", updated);
    runs += updated;
  }
  if (runs === 0) return { runs, touched: [] };
  await writeCounts(db, changes, now);
  return { runs, touched: [job, ...(await reviveDependants(db, [job], now))] };
}
