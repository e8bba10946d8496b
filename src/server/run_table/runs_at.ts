import type { Run } from "../../api/run.ts";
import type { JobRow } from "../../store/jobs.ts";
import { selectRunsNamed } from "../../store/run_cells.ts";
import { absentRun } from "../present.ts";
import { presentRuns } from "../present_many.ts";
import type { Yard } from "../yard.ts";

/** The runs with these numbers as they are now, in the order given. */
export async function runsAt(yard: Yard, job: JobRow, numbers: readonly number[]): Promise<Run[]> {
  const rows = new Map((await selectRunsNamed(yard.store.read, job.id, numbers)).map((row) => [row.n, row]));
  const all = numbers.map((n) => rows.get(n) ?? { ...absentRun(job, n), status: job.unmadeStatus });
  return presentRuns(yard, job, all);
}
