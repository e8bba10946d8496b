import type { Job } from "../api/job.ts";
import type { Run } from "../api/run.ts";
import { isBetterSmall } from "../core/better.ts";
import { mostWorkersOf } from "../core/demand.ts";
import type { AttemptId } from "../core/run.ts";
import { type AttemptRow, selectAttempts, selectMates } from "../store/attempts.ts";
import { type Extremes, selectExtremes } from "../store/best.ts";
import { selectAfter } from "../store/dependencies.ts";
import type { JobRow } from "../store/jobs.ts";
import { selectMachines } from "../store/machines.ts";
import type { RunRow } from "../store/runs.ts";
import { presentJob, presentRun } from "./present.ts";
import type { Yard } from "./yard.ts";

const NONE = "" as AttemptId;

/** Jobs with what they wait for, in the order given. */
export async function presentJobs(yard: Pick<Yard, "store" | "outlook">, jobs: readonly JobRow[]): Promise<Job[]> {
  const ids = jobs.map((job) => job.id);
  const after = await selectAfter(yard.store.read, ids);
  const extremes = Map.groupBy(await selectExtremes(yard.store.read, ids), ({ job }) => job);
  return jobs.map((job) =>
    presentJob(
      job,
      (after.get(job.id) ?? []).map(({ job: id, any }) => ({ job: id, any })),
      yard.outlook.job(job.id),
      bestOf(extremes.get(job.id) ?? []),
    ),
  );
}

/** By the first key in the order of letters: which one runs give first is not the same for all. */
function bestOf([first]: readonly Extremes[]): Job["best"] {
  if (!first) return null;
  const { job, key, most, mostRun, least, leastRun } = first;
  const [value, n] = isBetterSmall(key) ? [least, leastRun] : [most, mostRun];
  return { key, value, run: `${job}.${n}` };
}

/** Runs of one job with what their latest attempts tell, in the order given. */
export async function presentRuns(
  yard: Pick<Yard, "store" | "works" | "outlook">,
  job: JobRow,
  runs: readonly RunRow[],
): Promise<Run[]> {
  const work = await yard.works.of(job);
  const ids = runs.flatMap((run) => (run.attempt_id === null ? [] : [run.attempt_id]));
  const leaders = await selectAttempts(yard.store.read, ids);
  const mates = mostWorkersOf(job.demand) > 1 ? await selectMates(yard.store.read, ids) : [];
  const machines = new Map((await selectMachines(yard.store.read)).map(({ id, name }) => [id, name]));
  const named = (row: AttemptRow) => ({ row, machine: machines.get(row.machine_id) ?? null });
  const workers = Map.groupBy([...leaders, ...mates].map(named), ({ row }) => row.leader_id ?? row.id);
  return runs.map((run) => {
    const { attempt_id, n } = run;
    return presentRun(job, run, work, workers.get(attempt_id ?? NONE) ?? [], yard.outlook.run(job.id, n));
  });
}
