import { isRefused, refuse } from "../../core/failure.ts";
import type { Page } from "../../core/page.ts";
import { type JobRow, makeRuns, selectJob } from "../../store/jobs.ts";
import {
  type RunFilter,
  type RunSortKey,
  resultColumn,
  runColumns,
  selectResultPage,
  selectRunPage,
} from "../../store/run_page.ts";
import type { RunRow } from "../../store/runs.ts";
import { pageFrom, shown } from "../listing.ts";
import { presentRuns } from "../present_many.ts";
import type { Handlers, Yard } from "../yard.ts";

type RunListHandlers = Pick<Handlers, "listRuns" | "results">;

export function runListHandlers(yard: Yard): RunListHandlers {
  const { store } = yard;

  return {
    async listRuns({ params, query }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const page = pageFrom(query, runColumns);
      if (isRefused(page)) return page;
      const { status: statuses = null, machine = null, first = 1, last = job.counts.total } = query;
      const rows = await selectRuns(yard, job, { job: job.id, range: { first, last }, statuses, machine }, page);
      const runs = shown(rows, query, (row) => ({ value: runColumns[page.key].of(row), id: row.n }));
      return { runs: await presentRuns(yard, job, runs.page), next: runs.next };
    },

    async results({ params, query }) {
      const job = await selectJob(store.read, params.job);
      if (!job) return refuse({ code: "no_such_job", job: params.job });
      const { status: statuses = null, sort, limit, after } = query;
      if (sort === undefined) {
        const page = pageFrom<"n">({ sort: "n", limit, after }, runColumns);
        if (isRefused(page)) return page;
        const rows = await selectRuns(yard, job, { job: job.id, range: null, statuses, machine: null }, page);
        const runs = shown(rows, { sort: "n", limit }, (row) => ({ value: row.n, id: row.n }));
        return { runs: await presentRuns(yard, job, runs.page), next: runs.next };
      }
      const page = pageFrom<string>({ sort, limit, after }, { [sort.replace(/^-/, "")]: resultColumn });
      if (isRefused(page)) return page;
      const rows = await selectResultPage(store.read, { job: job.id, statuses }, page);
      const runs = shown(rows, { sort, limit }, (row) => ({ value: row.value, id: row.n }));
      return { runs: await presentRuns(yard, job, runs.page), next: runs.next };
    },
  };
}

/**
 * A page of what has rows. By their numbers, runs that have none yet belong to it too, and get them as far as the page
 * reaches; under every other order they come into the list when their rows are made.
 */
export async function selectRuns(
  { store }: Yard,
  job: JobRow,
  filter: RunFilter,
  page: Page<RunSortKey>,
): Promise<RunRow[]> {
  const { key, descending, after, limit } = page;
  const mayBeUnmade = key === "n" && filter.machine === null && (filter.statuses?.includes(job.unmadeStatus) ?? true);
  const { first, last } = filter.range ?? { first: 1, last: job.counts.total };
  // The stretch in which rows may be missing.
  let from = Math.max(first, job.made + 1, descending || !after ? 0 : after.id + 1);
  let to = Math.min(last, job.counts.total, descending && after ? after.id - 1 : last);
  for (let slice = limit; ; slice *= 2) {
    const rows = await selectRunPage(store.read, filter, page);
    const end = rows.length < limit ? undefined : rows.at(-1);
    const isWhole = end !== undefined && (descending ? end.n > to : end.n < from);
    if (!mayBeUnmade || from > to || isWhole) return rows;
    const [low, high] = descending ? [Math.max(from, to - slice + 1), to] : [from, Math.min(to, from + slice - 1)];
    await store.write((db) => makeRuns(db, store.dialect, job.id, low, high));
    if (descending) to = low - 1;
    else from = high + 1;
  }
}
