import { isRefused, type Refused, refuse } from "../core/failure.ts";
import { formatSelector, parseSelectors, type Selector } from "../core/selector.ts";
import type { Db } from "../store/dialect.ts";
import {
  type JobRow,
  selectJob,
  selectJobs,
  selectJobsBetween,
  selectLastJobId,
  selectOpenJobIds,
} from "../store/jobs.ts";
import type { RunSpan } from "../store/runs.ts";
import type { Principal } from "./auth.ts";

/** Jobs and runs that a command means. `range` null: all runs of the job. */
export interface Chosen {
  job: JobRow;
  range: RunSpan["range"];
}

/**
 * Finds what the text names. Every job and run named one by one must exist; of a range of jobs, those that do.
 *
 * @param all  which jobs `all` means. Default: those that have not ended
 */
export async function choose(db: Db, text: string, all = selectOpenJobIds): Promise<Chosen[] | Refused> {
  const selectors = parseSelectors(text);
  if (!selectors) {
    return refuse({
      code: "bad_request",
      detail: `"${text}" names no jobs or runs. Write a job (12), a run (12.3), a range (12.1-5, 7-9), a list (3,5), last or all.`,
    });
  }
  const chosen: Chosen[] = [];
  for (const selector of selectors) {
    const found = await find(db, selector, all);
    if (isRefused(found)) return found;
    chosen.push(...found);
  }
  return chosen;
}

async function find(db: Db, selector: Selector, all: typeof selectOpenJobIds): Promise<Chosen[] | Refused> {
  switch (selector.kind) {
    case "all":
      return (await selectJobs(db, await all(db))).map((job) => ({ job, range: null }));
    case "last": {
      const last = await selectLastJobId(db);
      const job = last === null ? null : await selectJob(db, last);
      return job ? [{ job, range: null }] : refuse({ code: "no_jobs" });
    }
    case "jobs": {
      const jobs = await selectJobsBetween(db, selector.first, selector.last);
      if (jobs.length === 0) return refuse({ code: "no_such_job", job: formatSelector(selector) });
      return jobs.map((job) => ({ job, range: null }));
    }
    case "runs": {
      const job = await selectJob(db, selector.job);
      if (!job) return refuse({ code: "no_such_job", job: selector.job });
      if (selector.last > job.counts.total) return refuse({ code: "no_such_run", run: `${job.id}.${selector.last}` });
      return [{ job, range: { first: selector.first, last: selector.last } }];
    }
  }
}

/** The selection for those who read it later, when another job is the last one. */
export function lasting(text: string, chosen: readonly Chosen[]): string {
  const newest = chosen.reduce((latest, { job }) => Math.max(latest, job.id), 0);
  return text.replaceAll("last", `${newest}`);
}

/** Steering and output belong to a job's owner and to administrators. */
export function forbidStrangers(who: Principal, jobs: Iterable<{ id: number; user: string }>): Refused | null {
  if (who.role === "admin") return null;
  for (const job of jobs) {
    if (job.user !== who.user) {
      return refuse({ code: "forbidden", needs: `to be ${job.user}, whose job ${job.id} is, or an administrator` });
    }
  }
  return null;
}
