import { sql } from "kysely";
import type { FailureCause, JobId, UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";
import { inPortions } from "./portions.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";
import { countUnmade } from "./unmade.ts";

const WAITING = 0;
const MET = 1;
const FAILED = 2;

/** What jobs wait for, as submitted; those that wait for nothing are left out. */
export async function selectAfter(db: Db, jobs: JobId[]): Promise<Map<number, Dependency[]>> {
  const rows = await inPortions(jobs, (some) =>
    db.selectFrom("job_dependency").selectAll().where("job_id", "in", some).orderBy("on_job").execute(),
  );
  const after = new Map<number, Dependency[]>();
  for (const row of rows) {
    const list = after.get(row.job_id) ?? [];
    after.set(row.job_id, list);
    list.push({ job: row.on_job, any: row.any_end === 1, met: row.met === MET });
  }
  return after;
}

interface Dependency {
  job: number;
  any: boolean;
  met: boolean;
}

/**
 * What the ends of `jobs` mean for those that wait for them: met, or failed with the cause `dependency_failed`, which
 * ends them too and so goes on to those that wait for them. Returns every job that was touched.
 */
export async function settleDependants(db: Db, jobs: JobId[], now: UnixMs): Promise<JobId[]> {
  const touched: JobId[] = [];
  let ended = jobs;
  while (ended.length > 0) {
    const rows = await db
      .selectFrom("job_dependency")
      .innerJoin("job as cause", "cause.id", "job_dependency.on_job")
      .select(["job_id", "on_job", "any_end", "cause.failed", "cause.cancelled"])
      .where("on_job", "in", ended)
      .where("met", "=", WAITING)
      .where("cause.ended_at", "is not", null)
      .orderBy("job_id")
      .orderBy("on_job")
      .execute();
    ended = [];
    for (const row of rows) {
      touched.push(row.job_id);
      const met = row.any_end === 1 || (row.failed === 0 && row.cancelled === 0);
      await mark(db, row.job_id, row.on_job, met ? MET : FAILED);
      if (met) await addWaiting(db, row.job_id, -1);
      else ended.push(...(await failWaiting(db, row.job_id, row.on_job, now)));
    }
  }
  return touched;
}

/** A retry of `jobs` brings back exactly the runs that failed because of them. Returns every job that was touched. */
export async function reviveDependants(db: Db, jobs: JobId[], now: UnixMs): Promise<JobId[]> {
  const touched: JobId[] = [];
  let revived = jobs;
  while (revived.length > 0) {
    const rows = await db
      .selectFrom("job_dependency")
      .select(["job_id", "on_job"])
      .where("on_job", "in", revived)
      .where("met", "=", FAILED)
      .orderBy("job_id")
      .orderBy("on_job")
      .execute();
    revived = [];
    for (const row of rows) {
      touched.push(row.job_id);
      await mark(db, row.job_id, row.on_job, WAITING);
      if (await bringBack(db, row.job_id, row.on_job, now)) revived.push(row.job_id);
    }
  }
  return touched;
}

/** The cause, as JSON, for which runs of `job` cannot start before another job is retried; null: there is none. */
export async function failedDependency(db: Db, job: JobId): Promise<string | null> {
  const row = await selectFailed(db, job);
  return row ? causeText(row.on_job) : null;
}

async function selectFailed(db: Db, job: JobId) {
  return db
    .selectFrom("job_dependency")
    .select("on_job")
    .where("job_id", "=", job)
    .where("met", "=", FAILED)
    .orderBy("on_job")
    .limit(1)
    .executeTakeFirst();
}

async function mark(db: Db, job: JobId, on: JobId, met: number): Promise<void> {
  await db.updateTable("job_dependency").set({ met }).where("job_id", "=", job).where("on_job", "=", on).execute();
}

async function addWaiting(db: Db, job: JobId, by: number): Promise<void> {
  await db
    .updateTable("job")
    .set((column) => ({ waiting_for: column("waiting_for", "+", by) }))
    .where("id", "=", job)
    .execute();
}

function causeText(job: JobId): string {
  return JSON.stringify({ code: "dependency_failed", job } satisfies FailureCause);
}

async function failWaiting(db: Db, job: JobId, on: JobId, now: UnixMs): Promise<JobId[]> {
  const row = await db.selectFrom("job").select("queued").where("id", "=", job).executeTakeFirst();
  if (!row || row.queued === 0) return [];
  await db
    .updateTable("run")
    .set({ status: "failed", cause_json: causeText(on), ended_at: now })
    .where("job_id", "=", job)
    .where("status", "=", sql.lit("queued"))
    .execute();
  await db
    .updateTable("job")
    .set({ unmade_status: "failed", unmade_cause_json: causeText(on), unmade_ended_at: now })
    .where("id", "=", job)
    .where("unmade_status", "=", "queued")
    .execute();
  const changes: CountChanges = new Map();
  shift(changes, job, "queued", "failed", row.queued);
  return writeCounts(db, changes, now);
}

/** Returns whether the job is open again by it. */
async function bringBack(db: Db, job: JobId, on: JobId, now: UnixMs): Promise<boolean> {
  const cause = causeText(on);
  const result = await db
    .updateTable("run")
    .set({ status: "queued", cause_json: null, ended_at: null })
    .where("job_id", "=", job)
    .where("status", "=", sql.lit("failed"))
    .where("cause_json", "=", cause)
    .executeTakeFirst();
  let runs = Number(result.numUpdatedRows);
  const unmade = await db
    .updateTable("job")
    .set({ unmade_status: "queued", unmade_cause_json: null, unmade_ended_at: null })
    .where("id", "=", job)
    .where("unmade_cause_json", "=", cause)
    .executeTakeFirst();
  if (unmade.numUpdatedRows === 1n) runs += await countUnmade(db, job);
  if (runs === 0) return false;
  const changes: CountChanges = new Map();
  shift(changes, job, "failed", "queued", runs);
  await writeCounts(db, changes, now);
  const other = await selectFailed(db, job);
  if (other) await failWaiting(db, job, other.on_job, now);
  return other === undefined;
}
