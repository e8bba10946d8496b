import type { Job } from "../../../src/api/job.ts";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";
import { PAGE, type Page } from "../yard/rows.ts";
import type { QueueSearch } from "./queue_search.ts";

/** The jobs that an address of the queue asks for, as rows of a table. */
export function jobsQuery(search: QueueSearch) {
  const { sort = "-id", ...filter } = search;
  return {
    key: ["jobs", search],
    load: async (from: number, limit: number, signal: AbortSignal): Promise<Page<Job>> => {
      const { jobs, total } = await call("listJobs", { query: { ...filter, sort, from, limit }, signal });
      return { rows: jobs, total: total ?? jobs.length };
    },
  };
}

/** Asks for what the queue shows first, while the page itself is still on its way. */
export function askForJobs(search: QueueSearch): void {
  const { key, load } = jobsQuery(search);
  void cache.prefetchQuery({ queryKey: [...key, "rows", 0], queryFn: ({ signal }) => load(0, PAGE, signal) });
}
