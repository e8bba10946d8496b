import { sql } from "kysely";
import type { Demand } from "../core/demand.ts";
import type { JobPlan, JobRules, RunCounts } from "../core/job.ts";
import { poolsIn } from "../core/pool.ts";
import type { JobId, UnixMs } from "../core/run.ts";
import type { SlurmPlan } from "../core/slurm.ts";
import type { Work } from "../core/work.ts";
import { contains } from "./contains.ts";
import { failedDependency } from "./dependencies.ts";
import type { Db, Dialect } from "./dialect.ts";
import type { KeptWish } from "./notices.ts";
import { inPortions } from "./portions.ts";
import type { Tables } from "./schema.ts";

/** Rows of a job's runs that are made together with it, so that the first can start at once. */
const FIRST_SLICE = 1000;
/** Lines of a file kept in one row. */
const LINES_A_ROW = 1000;

export interface NewJob {
  name: string;
  user: string;
  pool: string;
  priority: number;
  paused: boolean;
  work: Work;
  /** How many runs `work` comes to, all told. */
  total: number;
  demand: Demand;
  plan: JobPlan;
  tags: string[];
  retries: number;
  timeLimitMs: number | null;
  /** How long one of its runs takes, as its user says; null: nobody has. */
  expectedMs: number | null;
  atMost: number | null;
  resumable: boolean;
  after: { job: number; any: boolean }[];
  /** Who is told of its end beside the user's own targets. Absent: nobody. */
  notify?: KeptWish[];
}

export interface JobRow extends JobRules {
  name: string;
  user: string;
  /** Lines are left out: see selectLines. */
  command: Tables["job"]["command_json"];
  /** Its spaces, as JSON. */
  spaces: string;
  plan: JobPlan;
  tags: string[];
  endedAt: UnixMs | null;
  made: number;
  /** What runs without a row are, but those that were dealt with one by one. */
  unmadeStatus: Tables["job"]["unmade_status"];
  waitingFor: number;
  /** How long one of its runs takes, as its user says; null: nobody has. */
  expectedMs: number | null;
  notify: KeptWish[];
  counts: RunCounts;
}

/**
 * Keeps the job, its first runs and what it waits for. A dependency that has ended already is settled by the caller.
 * One named twice is one; `any` then holds where both say so.
 */
export async function insertJob(db: Db, dialect: Dialect, job: NewJob, now: UnixMs): Promise<JobId> {
  const last = await db.selectFrom("job").select(sql<number | null>`max(id)`.as("id")).executeTakeFirst();
  const id = ((last?.id ?? 0) + 1) as JobId;
  const { work } = job;
  const after = new Map<number, boolean>();
  for (const one of job.after) after.set(one.job, one.any && after.get(one.job) !== false);
  await db
    .insertInto("job")
    .values({
      id,
      name: job.name,
      user_name: job.user,
      pool: job.pool,
      priority: job.priority,
      paused: job.paused ? 1 : 0,
      command_json: work.kind === "command" ? JSON.stringify(work.command) : null,
      space_json: JSON.stringify(work.kind === "command" ? work.spaces : []),
      demand_json: JSON.stringify(job.demand),
      plan_json: JSON.stringify(job.plan),
      tags_json: JSON.stringify(job.tags),
      retries: job.retries,
      time_limit_ms: job.timeLimitMs,
      expected_ms: job.expectedMs,
      at_most: job.atMost,
      resumable: job.resumable ? 1 : 0,
      submitted_at: now,
      ended_at: null,
      made: 0,
      unmade_status: "queued",
      unmade_cause_json: null,
      unmade_ended_at: null,
      total: job.total,
      queued: job.total,
      running: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      skipped: 0,
      waiting_for: after.size,
      notify_json: job.notify?.length ? JSON.stringify(job.notify) : null,
    })
    .execute();
  if (work.kind === "lines") await insertLines(db, id, work.lines);
  for (const [on_job, any] of after) {
    await db
      .insertInto("job_dependency")
      .values({ job_id: id, on_job: on_job as JobId, any_end: any ? 1 : 0, met: 0 })
      .execute();
  }
  await makeNextRuns(db, dialect, id, FIRST_SLICE);
  return id;
}

async function insertLines(db: Db, job_id: JobId, lines: readonly [number, string][]): Promise<void> {
  for (let at = 0; at < lines.length; at += LINES_A_ROW) {
    const slice = lines.slice(at, at + LINES_A_ROW);
    await db
      .insertInto("job_lines")
      .values({ job_id, first: at + 1, lines_json: JSON.stringify(slice) })
      .execute();
  }
}

/** The lines of a batch, in order. */
export async function selectLines(db: Db, job: JobId): Promise<[number, string][]> {
  const rows = await db
    .selectFrom("job_lines")
    .select("lines_json")
    .where("job_id", "=", job)
    .orderBy("first")
    .execute();
  return rows.flatMap((row) => JSON.parse(row.lines_json) as [number, string][]);
}

/** Makes rows for runs `from` to `to` where they have none yet, standing as the job says of what is unmade. */
export async function makeRuns(db: Db, dialect: Dialect, job: JobId, from: number, to: number): Promise<void> {
  await sql`insert into run (job_id, n, status, cause_json, ended_at)
    select job.id, series.n, job.unmade_status, job.unmade_cause_json, job.unmade_ended_at
    from job, ${dialect.series(from, to)} as series
    where job.id = ${job} and series.n <= job.total on conflict do nothing`.execute(db);
}

/** Makes rows for the next `count` runs of the job. Returns how many runs are still without. */
export async function makeNextRuns(db: Db, dialect: Dialect, job: JobId, count: number): Promise<number> {
  const row = await db.selectFrom("job").select(["made", "total"]).where("id", "=", job).executeTakeFirst();
  if (!row || row.made >= row.total) return 0;
  const made = Math.min(row.total, row.made + count);
  await makeRuns(db, dialect, job, row.made + 1, made);
  await db.updateTable("job").set({ made }).where("id", "=", job).execute();
  return row.total - made;
}

/** A job of which some runs have no row yet; null where there is none. */
export async function selectUnmadeJob(db: Db): Promise<JobId | null> {
  const row = await db
    .selectFrom("job")
    .select("id")
    .where(sql<boolean>`made < total`)
    .orderBy("id")
    .limit(1)
    .executeTakeFirst();
  return row?.id ?? null;
}

/** How the last job went through Slurm that this user has submitted to the pool, alone or among others; null: none has. */
export async function selectLastThroughSlurm(db: Db, user: string, pool: string): Promise<SlurmPlan | null> {
  const rows = await db
    .selectFrom("job")
    .select(["pool", "plan_json"])
    .where("user_name", "=", user)
    .where("plan_json", "like", '%"slurm":{%')
    .orderBy("id", "desc")
    .limit(100)
    .execute();
  const last = rows.find((row) => poolsIn(row.pool).includes(pool));
  return last ? ((JSON.parse(last.plan_json) as JobPlan).slurm ?? null) : null;
}

export async function selectJob(db: Db, id: number): Promise<JobRow | null> {
  const row = await db
    .selectFrom("job")
    .selectAll()
    .where("id", "=", id as JobId)
    .executeTakeFirst();
  return row ? readJob(row) : null;
}

export async function selectJobs(db: Db, ids: number[]): Promise<JobRow[]> {
  const rows = await inPortions(ids, (some) =>
    db
      .selectFrom("job")
      .selectAll()
      .where("id", "in", some as JobId[])
      .orderBy("id")
      .execute(),
  );
  return rows.sort((a, b) => a.id - b.id).map(readJob);
}

/** Those with an id from `first` to `last`, in order. */
export async function selectJobsBetween(db: Db, first: number, last: number): Promise<JobRow[]> {
  const rows = await db
    .selectFrom("job")
    .selectAll()
    .where("id", ">=", first as JobId)
    .where("id", "<=", last as JobId)
    .orderBy("id")
    .execute();
  return rows.map(readJob);
}

export async function selectLastJobId(db: Db): Promise<JobId | null> {
  const row = await db.selectFrom("job").select("id").orderBy("id", "desc").limit(1).executeTakeFirst();
  return row?.id ?? null;
}

/** Jobs of which runs wait. */
export async function selectWaitingJobs(db: Db): Promise<JobRow[]> {
  const waiting = db.selectFrom("job").selectAll().where("ended_at", "is", null).where("queued", ">", 0);
  return (await waiting.execute()).map(readJob);
}

export async function selectOpenJobIds(db: Db): Promise<JobId[]> {
  const rows = await db.selectFrom("job").select("id").where("ended_at", "is", null).orderBy("id").execute();
  return rows.map((row) => row.id);
}

/** Jobs with runs that ended in one of these ways. */
export async function selectJobIdsWith(db: Db, ends: readonly ("failed" | "cancelled")[]): Promise<JobId[]> {
  const rows = await db
    .selectFrom("job")
    .select("id")
    .where((where) => where.or(ends.map((end) => where(end, ">", 0))))
    .orderBy("id")
    .execute();
  return rows.map((row) => row.id);
}

/** How much there is to do: jobs that have not ended, runs that wait, runs that run. */
export async function countWork(db: Db): Promise<{ jobs: number; queued: number; running: number }> {
  const row = await db
    .selectFrom("job")
    .select([
      sql<number>`count(*)`.as("jobs"),
      sql<number>`coalesce(sum(queued), 0)`.as("queued"),
      sql<number>`coalesce(sum(running), 0)`.as("running"),
    ])
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row ?? { jobs: 0, queued: 0, running: 0 };
}

export async function setJob(
  db: Db,
  id: JobId,
  changes: {
    name?: string | undefined;
    priority?: number | undefined;
    atMost?: number | null | undefined;
    retries?: number | undefined;
    timeLimitMs?: number | null | undefined;
    expectedMs?: number | null | undefined;
    tags?: readonly string[] | undefined;
  },
): Promise<void> {
  const set = {
    ...(changes.name !== undefined && { name: changes.name }),
    ...(changes.priority !== undefined && { priority: changes.priority }),
    ...(changes.atMost !== undefined && { at_most: changes.atMost }),
    ...(changes.retries !== undefined && { retries: changes.retries }),
    ...(changes.timeLimitMs !== undefined && { time_limit_ms: changes.timeLimitMs }),
    ...(changes.expectedMs !== undefined && { expected_ms: changes.expectedMs }),
    ...(changes.tags !== undefined && { tags_json: JSON.stringify(changes.tags) }),
  };
  if (Object.keys(set).length > 0) await db.updateTable("job").set(set).where("id", "=", id).execute();
}

/** Pauses or resumes jobs: what runs goes on, nothing further starts. */
export async function pauseJobs(db: Db, ids: JobId[], paused: boolean): Promise<void> {
  const set = { paused: paused ? 1 : 0 };
  await inPortions(ids, (some) => db.updateTable("job").set(set).where("id", "in", some).execute());
}

/**
 * Adds a part to the job's parameter space, which comes to `added` more runs. They wait, or have failed like the others
 * where a dependency has.
 */
export async function extendJob(db: Db, dialect: Dialect, id: JobId, space: string, added: number): Promise<void> {
  await makeEndedRuns(db, dialect, id);
  const failed = await failedDependency(db, id);
  await db
    .updateTable("job")
    .set((job) => ({ space_json: space, total: job("total", "+", added) }))
    .$if(failed === null, (update) =>
      update.set((job) => ({
        queued: job("queued", "+", added),
        unmade_status: "queued",
        unmade_cause_json: null,
        unmade_ended_at: null,
        ended_at: null,
      })),
    )
    .$if(failed !== null, (update) =>
      update.set((job) => ({
        failed: job("failed", "+", added),
        unmade_status: "failed",
        unmade_cause_json: failed,
        unmade_ended_at: job.ref("ended_at"),
      })),
    )
    .where("id", "=", id)
    .execute();
  await makeNextRuns(db, dialect, id, FIRST_SLICE);
}

/** What is unmade stands all alike: what has ended unmade needs its rows before other runs come behind it. */
export async function makeEndedRuns(db: Db, dialect: Dialect, id: JobId): Promise<void> {
  const row = await db
    .selectFrom("job")
    .select(["made", "total", "unmade_status"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row && row.unmade_status !== "queued") await makeNextRuns(db, dialect, id, row.total - row.made);
}

/** The user's newest jobs with all these tags of which runs have succeeded, with how many have. */
export async function selectTaggedAlike(
  db: Db,
  user: string,
  tags: readonly string[],
  most: number,
): Promise<{ id: JobId; succeeded: number }[]> {
  return db
    .selectFrom("job")
    .select(["id", "succeeded"])
    .where("user_name", "=", user)
    .where("succeeded", ">", 0)
    .where((where) => where.and(tags.map((tag) => contains(sql.ref("tags_json"), JSON.stringify(tag)))))
    .orderBy("id", "desc")
    .limit(most)
    .execute();
}

/** A row as everyone else sees it. */
export function readJob(row: JobColumns): JobRow {
  return {
    id: row.id,
    name: row.name,
    user: row.user_name,
    pool: row.pool,
    priority: row.priority,
    paused: row.paused === 1,
    command: row.command_json,
    spaces: row.space_json,
    demand: JSON.parse(row.demand_json) as Demand,
    plan: JSON.parse(row.plan_json) as JobPlan,
    tags: JSON.parse(row.tags_json) as string[],
    retries: row.retries,
    timeLimitMs: row.time_limit_ms,
    expectedMs: row.expected_ms,
    notify: row.notify_json === null ? [] : (JSON.parse(row.notify_json) as KeptWish[]),
    atMost: row.at_most,
    resumable: row.resumable === 1,
    submittedAt: row.submitted_at,
    endedAt: row.ended_at,
    made: row.made,
    unmadeStatus: row.unmade_status,
    waitingFor: row.waiting_for,
    counts: {
      total: row.total,
      queued: row.queued,
      running: row.running,
      succeeded: row.succeeded,
      failed: row.failed,
      cancelled: row.cancelled,
      skipped: row.skipped,
    },
  };
}

type JobColumns = Tables["job"];
