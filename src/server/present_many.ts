import type { Job } from "../api/job.ts";
import type { Run } from "../api/run.ts";
import { selectAttempts } from "../store/attempts.ts";
import { selectAfter } from "../store/dependencies.ts";
import type { Db } from "../store/dialect.ts";
import type { JobRow } from "../store/jobs.ts";
import type { RunRow } from "../store/runs.ts";
import { presentJob, presentRun } from "./present.ts";
import type { Yard } from "./yard.ts";

/** Jobs with what they wait for, in the order given. */
export async function presentJobs(db: Db, jobs: readonly JobRow[]): Promise<Job[]> {
  const after = await selectAfter(
    db,
    jobs.map((job) => job.id),
  );
  return jobs.map((job) =>
    presentJob(
      job,
      (after.get(job.id) ?? []).map(({ job: id, any }) => ({ job: id, any })),
    ),
  );
}

/** Runs of one job with what their latest attempts tell, in the order given. */
export async function presentRuns(
  yard: Pick<Yard, "store" | "works">,
  job: JobRow,
  runs: readonly RunRow[],
): Promise<Run[]> {
  const work = await yard.works.of(job);
  const ids = runs.flatMap((run) => (run.attempt_id === null ? [] : [run.attempt_id]));
  const attempts = new Map((await selectAttempts(yard.store.read, ids)).map((attempt) => [attempt.id, attempt]));
  return runs.map((run) => {
    const attempt = run.attempt_id === null ? undefined : attempts.get(run.attempt_id);
    return presentRun(job, run, work, attempt ?? null);
  });
}
