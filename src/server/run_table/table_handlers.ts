import { isRefused, refuse } from "../../core/failure.ts";
import type { Page } from "../../core/page.ts";
import { cellOf } from "../../core/run_table/column.ts";
import { importanceOf } from "../../core/run_table/importance.ts";
import type { Sort } from "../../core/run_table/sorting.ts";
import { sampled, whyNoColumn } from "../../core/run_table/table.ts";
import { type JobRow, selectJob } from "../../store/jobs.ts";
import type { RunSortKey } from "../../store/run_page.ts";
import type { Frames, View } from "../frames/frames.ts";
import { selectRuns } from "../handlers/run_lists.ts";
import { inSlices } from "../in_slices.ts";
import { presentRuns } from "../present_many.ts";
import type { Handlers, Yard } from "../yard.ts";
import { askedNames, askedSort, askedWhere, badRequest } from "./asked.ts";
import { runsAt } from "./runs_at.ts";

type TableHandlers = Pick<Handlers, "runTable" | "runColumns" | "importance">;

/** More would tell the importance of parameters no better. */
const ENOUGH_RUNS = 10_000;

const byNumber: Sort = { column: "n", descending: false };

export function tableHandlers(yard: Yard, frames: Frames): TableHandlers {
  const { store, works } = yard;

  return {
    async runTable({ params, query }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const { names } = await works.of(job);
      const where = askedWhere(query.where, names);
      if (isRefused(where)) return where;
      const sort = askedSort(query.sort, names);
      if (isRefused(sort)) return sort;
      const { from, limit } = query;
      const { total } = job.counts;
      if (where.length === 0 && sort.column === "n") {
        const runs = await byNumbers(job, sort.descending, from, limit);
        return { runs, matching: total, total };
      }
      const found = await frames.use(job, async ({ rows }) => {
        const all = await rows(where, sort);
        return { matching: all.length, numbers: Array.from(all.subarray(from, from + limit), (row) => row + 1) };
      });
      if (isRefused(found)) return found;
      return { runs: await runsAt(yard, job, found.numbers), matching: found.matching, total };
    },

    async runColumns({ params, query }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const { names } = await works.of(job);
      const where = askedWhere(query.where, names);
      if (isRefused(where)) return where;
      const asked = askedNames(query.names, names);
      if (isRefused(asked)) return asked;
      return frames.use(job, async ({ frame, rows, described }) => {
        const found = await rows(where, byNumber);
        const taken = asked.length === 0 ? new Uint32Array() : sampled(found, query.most);
        const columns = [];
        for (const name of frame.names()) columns.push({ name, ...(await described(name)) });
        const values = asked.map((name) => {
          const column = frame.column(name);
          return [name, Array.from(taken, (row) => (column ? cellOf(column, row) : null))] as const;
        });
        return {
          total: frame.rows,
          matching: found.length,
          sampled: asked.length > 0 && taken.length < found.length,
          columns,
          leftOut: frame.leftOut(),
          n: Array.from(taken, (row) => row + 1),
          values: Object.fromEntries(values),
        };
      });
    },

    async importance({ params, query }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const { names } = await works.of(job);
      const where = askedWhere(query.where, names);
      if (isRefused(where)) return where;
      const problem = query.of === undefined ? null : whyNoColumn(query.of, names);
      if (problem !== null) return badRequest(`of: ${problem}`);
      return frames.use(job, async (view) => {
        const of = query.of ?? (await obviousResult(view));
        const rows = await view.rows(where, byNumber);
        const some = sampled(rows, ENOUGH_RUNS);
        const parameters = [];
        for (const name of names) {
          const [parameter, result] = [view.frame.column(`params.${name}`), view.frame.column(of ?? "")];
          const told = parameter && result && (await inSlices(importanceOf(parameter, result, some)));
          parameters.push({ name, ...(told ?? { share: null, direction: null, runs: 0 }) });
        }
        parameters.sort((a, b) => (b.share ?? -1) - (a.share ?? -1));
        return { of, matching: rows.length, parameters };
      });
    },
  };

  /** Straight from the store. */
  async function byNumbers(job: JobRow, descending: boolean, from: number, limit: number) {
    const before = descending ? job.counts.total - from + 1 : from;
    const page: Page<RunSortKey> = { key: "n", descending, after: { value: before, id: before }, limit };
    const rows = await selectRuns(yard, job, { job: job.id, range: null, statuses: null, machine: null }, page);
    return presentRuns(yard, job, rows);
  }
}

/** The first result that is a number, else the first metric. */
async function obviousResult({ frame, described }: View): Promise<string | null> {
  for (const prefix of ["result.", "metrics."]) {
    for (const name of frame.names()) {
      if (name.startsWith(prefix) && (await described(name)).least !== null) return name;
    }
  }
  return null;
}
