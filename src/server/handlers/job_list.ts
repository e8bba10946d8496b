import { isRefused } from "../../core/failure.ts";
import { countJobs, jobColumns, selectJobPage } from "../../store/job_page.ts";
import { pageFrom, shown } from "../listing.ts";
import { presentJobs } from "../present_many.ts";
import { choose } from "../selection.ts";
import type { Handlers, Yard } from "../yard.ts";

export function jobListHandlers(yard: Yard): Pick<Handlers, "listJobs"> {
  const { store } = yard;

  return {
    async listJobs({ query }) {
      const chosen = query.select === undefined ? null : await choose(store.read, query.select);
      if (isRefused(chosen)) return chosen;
      const page = pageFrom(query, jobColumns);
      if (isRefused(page)) return page;
      const { status = null, open = null, user = null, pool = null, tag = null, search = null } = query;
      const ids = chosen?.map(({ job }) => job.id) ?? null;
      const filter = { statuses: status, open, user, pool, tag, search, ids };
      const rows = await selectJobPage(store.read, filter, page, query.from);
      const total = query.from === undefined ? null : await countJobs(store.read, filter);
      const jobs = shown(rows, query, (row) => ({ value: jobColumns[page.key].of(row), id: row.id }));
      return { jobs: await presentJobs(yard, jobs.page), next: jobs.next, total };
    },
  };
}
