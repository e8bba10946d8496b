import type { Run } from "../../../src/api/run.ts";
import { cache } from "../yard/cache.ts";
import { call } from "../yard/client.ts";
import { PAGE, type Page } from "../yard/rows.ts";
import type { JobSearch } from "./job_search.ts";

/** A job with what it was submitted as. */
export function jobQuery(id: number) {
  return {
    queryKey: ["job", id],
    queryFn: ({ signal }: { signal: AbortSignal }) => call("showJob", { params: { job: id }, signal }),
  };
}

/** A job's runs as rows of a table. */
export function runsQuery(id: number, where: string, sort: string) {
  return {
    key: ["job", id, "table", where, sort],
    load: async (from: number, limit: number, signal: AbortSignal): Promise<Page<Run>> => {
      const query = { sort, from, limit, ...(where !== "" && { where }) };
      const { runs, matching } = await call("runTable", { params: { job: id }, query, signal });
      return { rows: runs, total: matching };
    },
  };
}

/** Asks for what the page of a job shows first, while the page itself is still on its way. */
export function askForJob(id: number, { part = "runs", where = "", sort = "n" }: JobSearch): void {
  void cache.prefetchQuery(jobQuery(id));
  if (part !== "runs") return;
  const { key, load } = runsQuery(id, where, sort);
  void cache.prefetchQuery({ queryKey: [...key, "rows", 0], queryFn: ({ signal }) => load(0, PAGE, signal) });
}
