import type { JobId } from "../core/run.ts";
import type { Db } from "./dialect.ts";
import { inPortions } from "./portions.ts";
import { type RunRow, standsIn } from "./runs.ts";

/** What of a run stands in a table of its job's. */
export type RunCells = Pick<RunRow, (typeof columns)[number]>;

const columns = [
  "n",
  "status",
  "attempts",
  "machine",
  "cause_json",
  "exit_code",
  "started_at",
  "ended_at",
  "served_ms",
  "progress_json",
  "metrics_json",
  "result_json",
] as const;

/** The next `limit` runs of the job behind run `after` that have rows, in order. */
export async function selectCellsAfter(db: Db, job: JobId, after: number, limit: number): Promise<RunCells[]> {
  return db
    .selectFrom("run")
    .select(columns)
    .where("job_id", "=", job)
    .where("n", ">", after)
    .orderBy("n")
    .limit(limit)
    .execute();
}

/** Those with these numbers, as far as they have rows. */
export async function selectCellsOf(db: Db, job: JobId, numbers: readonly number[]): Promise<RunCells[]> {
  return inPortions(numbers, (some) =>
    db.selectFrom("run").select(columns).where("job_id", "=", job).where("n", "in", some).execute(),
  );
}

/** The runs themselves, in the order in which they are named. */
export async function selectRunsNamed(db: Db, job: JobId, numbers: readonly number[]): Promise<RunRow[]> {
  const rows = await inPortions(numbers, (some) =>
    db.selectFrom("run").selectAll().where("job_id", "=", job).where("n", "in", some).execute(),
  );
  const byNumber = new Map(rows.map((row) => [row.n, row]));
  return numbers.flatMap((n) => byNumber.get(n) ?? []);
}

/** The next `limit` runs of the job behind run `after` that failed, in order. */
export async function selectFailedAfter(db: Db, job: JobId, after: number, limit: number) {
  return db
    .selectFrom("run")
    .select(["n", "cause_json", "attempt_id", "ended_at"])
    .where("job_id", "=", job)
    .where(standsIn(["failed"]))
    .where("n", ">", after)
    .orderBy("n")
    .limit(limit)
    .execute();
}
