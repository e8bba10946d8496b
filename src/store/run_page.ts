import { sql } from "kysely";
import type { Page } from "../core/page.ts";
import type { RunStatus } from "../core/run.ts";
import { type Db, storable } from "./dialect.ts";
import { paged, type SortColumn } from "./pages.ts";
import { type RunRow, type RunSpan, standsIn } from "./runs.ts";

export type RunSortKey = "n" | "status" | "machine" | "startedAt" | "endedAt";

const n = sql.ref("n");
/** What runs of a job can be listed by. */
export const runColumns: Record<RunSortKey, SortColumn<RunRow>> = {
  n: { by: n, of: (run) => run.n, kind: "whole", isAlwaysThere: true },
  status: { by: sql.ref("status"), of: (run) => run.status, kind: "text", isAlwaysThere: true },
  machine: { by: sql.ref("machine"), of: (run) => run.machine, kind: "text", isAlwaysThere: false },
  startedAt: { by: sql.ref("started_at"), of: (run) => run.started_at, kind: "whole", isAlwaysThere: false },
  endedAt: { by: sql.ref("ended_at"), of: (run) => run.ended_at, kind: "whole", isAlwaysThere: false },
};

/** Which of a job's runs a list shows. Null: it does not matter. */
export interface RunFilter extends RunSpan {
  statuses: readonly RunStatus[] | null;
  machine: string | null;
}

/** Runs that have rows; those without come behind them under every order but that of `-n`. */
export async function selectRunPage(db: Db, filter: RunFilter, page: Page<RunSortKey>): Promise<RunRow[]> {
  const { behind, order } = paged(page, runColumns, n);
  let numbers = db.selectFrom("run").select("n").where("job_id", "=", filter.job).where(behind);
  if (filter.range) numbers = numbers.where("n", ">=", filter.range.first).where("n", "<=", filter.range.last);
  if (filter.statuses) numbers = numbers.where(standsIn(filter.statuses));
  if (filter.machine !== null) numbers = numbers.where("machine", "=", filter.machine);
  return db
    .selectFrom("run")
    .selectAll()
    .where("job_id", "=", filter.job)
    .where("n", "in", numbers.orderBy(order).limit(page.limit))
    .orderBy(order)
    .execute();
}

/** A run, and its value under the key that runs are listed by. */
interface RankedRow extends RunRow {
  value: number | null;
}

/** Any number of the results. */
export const resultColumn: SortColumn<RankedRow> = {
  by: sql.ref("result_number.value"),
  of: (run) => run.value,
  kind: "real",
  isAlwaysThere: true,
};

/** Runs that have a result, by one of its numbers; those of which it is none (absent, NaN, a word) last, in order. */
export async function selectResultPage(
  db: Db,
  { job, statuses }: Pick<RunFilter, "job" | "statuses">,
  page: Page<string>,
): Promise<RankedRow[]> {
  const key = storable(page.key);
  const isBehindNumbers = page.after !== null && page.after.value === null;
  const numbered = isBehindNumbers ? [] : await selectNumbered();
  if (numbered.length === page.limit) return numbered;
  return [...numbered, ...(await selectOthers(page.limit - numbered.length))];

  async function selectNumbered() {
    const { behind, order } = paged({ ...page, key: "value" }, { value: resultColumn }, sql.ref("result_number.n"));
    let query = db
      .selectFrom("result_number")
      .innerJoin("run", (join) =>
        join.onRef("run.job_id", "=", "result_number.job_id").onRef("run.n", "=", "result_number.n"),
      )
      .selectAll("run")
      .select("result_number.value")
      .where("result_number.job_id", "=", job)
      .where("result_number.key", "=", key)
      .where(behind);
    if (statuses) query = query.where(standsIn(statuses));
    return query.orderBy(order).limit(page.limit).execute();
  }

  async function selectOthers(limit: number) {
    let query = db
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
      );
    if (isBehindNumbers && page.after) query = query.where("n", ">", page.after.id);
    if (statuses) query = query.where(standsIn(statuses));
    const rows = await query.orderBy("n").limit(limit).execute();
    return rows.map((row) => ({ ...row, value: null }));
  }
}
