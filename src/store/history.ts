import { type SqlBool, sql } from "kysely";
import type { Demand, Slot } from "../core/demand.ts";
import type { EndedRun, HeldTry, Release } from "../core/history.ts";
import type { Page } from "../core/page.ts";
import type { AttemptId, JobId, UnixMs } from "../core/run.ts";
import { parseSelectors } from "../core/selector.ts";
import { type Db, wordsOf } from "./dialect.ts";
import { paged, type SortColumn } from "./pages.ts";
import { inPortions } from "./portions.ts";
import { standsIn } from "./runs.ts";

/** Which runs that have ended are told of. Null: it does not matter. */
export interface HistoryFilter {
  since: UnixMs | null;
  /** Of jobs that were to run there, be it among others. */
  pool: string | null;
}

/** A run that has ended, with what it asked for and had. */
export interface HistoryRow extends EndedRun {
  user: string;
  /** Where its job may run: names, with commas between. */
  pools: string;
  priority: number;
  atMost: number | null;
}

/** By job, and in it by number: a run that has ended keeps its place. */
export const historyColumns: Record<"id", SortColumn<HistoryRow>> = {
  id: { by: sql.ref("run.job_id"), of: (row) => row.job, kind: "whole", isAlwaysThere: true },
};

/** Clocks of machines and that of the yard differ by less. */
const SKEW_MS = 86_400_000;

/** Runs that have ended since, of those that were ever given a place. */
export async function selectHistoryPage(
  db: Db,
  { since, pool }: HistoryFilter,
  page: Page<"id">,
): Promise<HistoryRow[]> {
  const { behind, order } = paged(page, historyColumns, sql.ref("run.n"));
  let jobs = db.selectFrom("job").select("id");
  if (pool !== null)
    jobs = jobs.where(sql<SqlBool>`replace(',' || pool || ',', ${`,${pool},`}, '') <> ',' || pool || ','`);
  if (since !== null)
    jobs = jobs.where((is) => is.or([is("ended_at", "is", null), is("ended_at", ">=", since - SKEW_MS)]));
  let query = db
    .selectFrom("run")
    .innerJoin("job", "job.id", "run.job_id")
    .select(["run.job_id", "run.n", "job.total", "job.user_name", "job.pool", "job.priority"])
    .select(["job.submitted_at", "job.at_most", "job.demand_json"])
    .where("run.job_id", "in", jobs)
    .where(standsIn(["succeeded", "failed", "cancelled"]))
    .where("run.attempts", ">", 0)
    .where(behind);
  if (since !== null) query = query.where("run.ended_at", ">=", since);
  const runs = await query.orderBy(order).limit(page.limit).execute();
  const ids = [...new Set(runs.map((run) => run.job_id))];
  const ends = await selectEndsOfCauses(db, ids);
  const tries = await selectHeldTries(db, runs);
  return runs.map((run) => ({
    job: run.job_id,
    n: run.n,
    total: run.total,
    user: run.user_name,
    pools: run.pool,
    priority: run.priority,
    atMost: run.at_most,
    submittedAt: run.submitted_at,
    waitedFor: ends.get(run.job_id) ?? [],
    tries: (tries.get(`${run.job_id}.${run.n}`) ?? []).map((workers) => tryOf(workers, JSON.parse(run.demand_json))),
  }));
}

/** For each of the jobs, when those ended that it waits for. */
async function selectEndsOfCauses(db: Db, jobs: readonly JobId[]): Promise<Map<JobId, UnixMs[]>> {
  const rows = await inPortions(jobs, (some) =>
    db
      .selectFrom("job_dependency")
      .innerJoin("job as cause", "cause.id", "job_dependency.on_job")
      .select(["job_dependency.job_id", "cause.ended_at"])
      .where("job_dependency.job_id", "in", some)
      .execute(),
  );
  const byJob = Map.groupBy(rows, ({ job_id }) => job_id);
  return new Map([...byJob].map(([job, causes]) => [job, causes.flatMap(({ ended_at }) => ended_at ?? [])]));
}

interface WorkerRow {
  job_id: JobId;
  n: number;
  leader: AttemptId;
  slot_json: string;
  stop_reason: string | null;
  assigned_at: UnixMs;
  started_at: UnixMs;
  ended_at: UnixMs;
  pool: string | null;
}

/** For each run (`12.3`) its tries that began and ended, in order, each with its workers. */
async function selectHeldTries(
  db: Db,
  runs: readonly { job_id: JobId; n: number }[],
): Promise<Map<string, WorkerRow[][]>> {
  if (runs.length === 0) return new Map();
  const meant = wordsOf(db).table(
    { job_id: "bigint", n: "bigint" },
    runs.map(({ job_id, n }) => [job_id, n]),
  );
  const { rows } =
    await sql<WorkerRow>`select attempt.job_id, attempt.n, coalesce(attempt.leader_id, attempt.id) as leader,
    attempt.slot_json, attempt.stop_reason, attempt.assigned_at, attempt.started_at, attempt.ended_at, machine.pool
    from ${meant} as meant join attempt on attempt.job_id = meant.job_id and attempt.n = meant.n
    left join machine on machine.id = attempt.machine_id
    where attempt.started_at is not null and attempt.ended_at is not null
    order by attempt.assigned_at, attempt.try, attempt.rank`.execute(db);
  const byRun = Map.groupBy(rows, ({ job_id, n }) => `${job_id}.${n}`);
  return new Map([...byRun].map(([run, workers]) => [run, [...Map.groupBy(workers, ({ leader }) => leader).values()]]));
}

/** With several workers it began when the first did and ended when the last did. */
function tryOf(workers: readonly WorkerRow[], demand: Demand): HeldTry {
  return {
    assignedAt: Math.min(...workers.map(({ assigned_at }) => assigned_at)),
    startedAt: Math.min(...workers.map(({ started_at }) => started_at)),
    endedAt: Math.max(...workers.map(({ ended_at }) => ended_at)),
    gpus: workers.reduce((sum, { slot_json }) => sum + gpusIn(JSON.parse(slot_json), demand), 0),
    isPreempted: workers.some(({ stop_reason }) => stop_reason === "preempted"),
    pool: workers[0]?.pool ?? null,
  };
}

/** A cluster may not tell which GPUs it gave: then they are those that were asked for. */
function gpusIn({ gpus }: Slot, demand: Demand): number {
  return gpus.length > 0 ? gpus.length : (demand.gpus ?? 0);
}

/** What has let runs start that could not start before, in the order in which it was done. */
export async function selectReleases(db: Db): Promise<Release[]> {
  const rows = await db
    .selectFrom("audit")
    .select(["at", "action", "target", "detail_json"])
    .where("action", "in", ["retry", "resume", "extend"])
    .orderBy("id")
    .execute();
  return rows.map(({ at, action, target, detail_json }) => {
    const { added } = JSON.parse(detail_json) as { added?: unknown };
    return {
      action: action as Release["action"],
      at,
      meant: parseSelectors(target) ?? [],
      added: action === "extend" ? Number(added ?? 0) : 0,
    };
  });
}
