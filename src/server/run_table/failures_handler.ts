import { refuse } from "../../core/failure.ts";
import { type AttemptId, describeCause, type FailureCause } from "../../core/run.ts";
import { type FailedRun, groupFailures } from "../../core/run_table/failure_groups.ts";
import { selectorsOf } from "../../core/run_table/spans.ts";
import { failedDependency } from "../../store/dependencies.ts";
import { type JobRow, selectJob } from "../../store/jobs.ts";
import { selectFailedAfter } from "../../store/run_cells.ts";
import { breathe, inSlices } from "../in_slices.ts";
import { isoOf } from "../present.ts";
import { forbidStrangers } from "../selection.ts";
import type { Handlers, Yard } from "../yard.ts";
import { openLastWords } from "./last_words.ts";

const SLICE_ROWS = 1000;
/** Further ones are in the count alone. */
const MOST_RUNS = 200_000;
const EXAMPLES = 5;

export function failuresHandler(yard: Yard): Handlers["failures"] {
  const { store } = yard;
  const lastWords = openLastWords(yard);

  return async ({ params, who }) => {
    const job = await selectJob(store.read, params.job);
    if (!job) return refuse({ code: "no_such_job", job: params.job });
    const rows = await failedRuns(job);
    const attempts = rows.flatMap(({ attempt_id }): AttemptId[] => (attempt_id === null ? [] : [attempt_id]));
    const isTheirs = forbidStrangers(who, [job]) === null;
    const said = isTheirs ? await lastWords.of(attempts) : new Map<string, string | null>();
    await breathe();
    const failed = rows.map(({ n, cause, ended_at, attempt_id }): FailedRun => {
      return { n, cause, endedAt: ended_at, says: said.get(attempt_id ?? "") ?? null };
    });
    const groups = (await inSlices(groupFailures(failed))).map(({ cause, says, runs, firstAt, lastAt }) => ({
      cause: { code: cause.code, text: describeCause(cause) },
      says,
      runs: runs.length,
      firstAt: isoOf(firstAt),
      lastAt: isoOf(lastAt),
      examples: runs.slice(0, EXAMPLES).map((n) => `${job.id}.${n}`),
      selectors: selectorsOf(job.id, runs),
    }));
    const unread = isTheirs ? attempts.length - said.size : 0;
    return { failed: job.counts.failed, groups, unread };
  };

  async function failedRuns(job: JobRow) {
    const failed: { n: number; cause: FailureCause; attempt_id: AttemptId | null; ended_at: number | null }[] = [];
    for (let after = 0; failed.length < MOST_RUNS; ) {
      const rows = await selectFailedAfter(store.read, job.id, after, SLICE_ROWS);
      for (const { n, cause_json, attempt_id, ended_at } of rows) {
        const cause = cause_json === null ? unknownCause : (JSON.parse(cause_json) as FailureCause);
        failed.push({ n, cause, attempt_id, ended_at });
      }
      await breathe();
      after = rows.at(-1)?.n ?? after;
      if (rows.length < SLICE_ROWS) break;
    }
    // What failed before it got a row did so together, for one cause.
    const cause = job.unmadeStatus === "failed" ? await failedDependency(store.read, job.id) : null;
    const known = new Set(failed.map(({ n }) => n));
    for (let n = job.made + 1; cause !== null && n <= job.counts.total && failed.length < MOST_RUNS; n += 1) {
      if (!known.has(n)) failed.push({ n, cause: JSON.parse(cause), attempt_id: null, ended_at: job.endedAt });
    }
    return failed;
  }
}

const unknownCause: FailureCause = { code: "lost", detail: "why is not known" };
