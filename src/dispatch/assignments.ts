import type { Assignment } from "../core/assignment.ts";
import type { Slot } from "../core/demand.ts";
import { paramsJson } from "../core/work.ts";
import type { AttemptRow } from "../store/attempts.ts";
import { type JobRow, selectJobs } from "../store/jobs.ts";
import type { Store } from "../store/store.ts";
import type { Works } from "./works.ts";

/** Returns what makes assignments of attempts' rows, in their order. */
export function openAssignments(store: Store, works: Works): (rows: AttemptRow[]) => Promise<Assignment[]> {
  return async (rows) => {
    const jobs = new Map<number, JobRow>();
    for (const job of await selectJobs(store.read, [...new Set(rows.map((row) => row.job_id))])) jobs.set(job.id, job);
    const assignments: Assignment[] = [];
    for (const row of rows) {
      const job = jobs.get(row.job_id);
      if (job) assignments.push(await assignmentOf(row, job, works));
    }
    return assignments;
  };
}

async function assignmentOf(row: AttemptRow, job: JobRow, works: Works): Promise<Assignment> {
  const { command, values } = (await works.of(job)).run(row.n);
  const { cwd, environment, umask, limits, out } = job.plan;
  return {
    attempt: row.id,
    job: job.id,
    n: row.n,
    try: row.try,
    slot: JSON.parse(row.slot_json) as Slot,
    command,
    params: paramsJson(values),
    cwd,
    environment,
    umask,
    limits,
    out,
    snapshot: row.snapshot,
    timeLimitMs: job.timeLimitMs,
    startedAt: row.started_at,
    previous: row.previous_id,
  };
}
