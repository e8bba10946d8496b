import { sql } from "kysely";
import type { FailureCause, JobId, UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

const WAITING = 0;
const MET = 1;
const FAILED = 2;

/** What a job waits for, as submitted. */
export async function selectAfter(db: Db, job: JobId): Promise<{ job: number; any: boolean; met: boolean }[]> {
  const rows = await db.selectFrom("job_dependency").selectAll().where("job_id", "=", job).orderBy("on_job").execute();
  return rows.map((row) => ({ job: row.on_job, any: row.any_end === 1, met: row.met === MET }));
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
      .execute();
    revived = [];
    for (const row of rows) {
      touched.push(row.job_id);
      revived.push(row.job_id);
      await mark(db, row.job_id, row.on_job, WAITING);
      await bringBack(db, row.job_id, row.on_job, now);
    }
  }
  return touched;
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
    .where("status", "=", "queued")
    .execute();
  await db
    .updateTable("job")
    .set({ unmade_status: "failed", unmade_cause_json: causeText(on) })
    .where("id", "=", job)
    .execute();
  const changes: CountChanges = new Map();
  shift(changes, job, "queued", "failed", row.queued);
  return writeCounts(db, changes, now);
}

async function bringBack(db: Db, job: JobId, on: JobId, now: UnixMs): Promise<void> {
  const cause = causeText(on);
  const row = await db
    .selectFrom("job")
    .select(["total", "unmade_cause_json"])
    .select((query) => [
      query.selectFrom("run").select(sql<number>`count(*)`.as("c")).whereRef("run.job_id", "=", "job.id").as("rows"),
    ])
    .where("id", "=", job)
    .executeTakeFirst();
  if (!row) return;
  const result = await db
    .updateTable("run")
    .set({ status: "queued", cause_json: null, ended_at: null })
    .where("job_id", "=", job)
    .where("status", "=", "failed")
    .where("cause_json", "=", cause)
    .executeTakeFirst();
  let runs = Number(result.numUpdatedRows);
  if (row.unmade_cause_json === cause) {
    runs += row.total - (row.rows ?? 0);
    await db
      .updateTable("job")
      .set({ unmade_status: "queued", unmade_cause_json: null })
      .where("id", "=", job)
      .execute();
  }
  const changes: CountChanges = new Map();
  shift(changes, job, "failed", "queued", runs);
  await writeCounts(db, changes, now);
}
