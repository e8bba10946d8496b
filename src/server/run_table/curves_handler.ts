import { isRefused, refuse } from "../../core/failure.ts";
import type { AttemptId } from "../../core/run.ts";
import type { Condition } from "../../core/run_table/condition.ts";
import type { Sort } from "../../core/run_table/sorting.ts";
import { parseNumbers } from "../../core/run_table/spans.ts";
import { sampled } from "../../core/run_table/table.ts";
import { selectJob } from "../../store/jobs.ts";
import { selectRunsNamed } from "../../store/run_cells.ts";
import type { Frames, View } from "../frames/frames.ts";
import { forbidStrangers } from "../selection.ts";
import type { Handlers, Yard } from "../yard.ts";
import { askedSort, askedWhere, badRequest } from "./asked.ts";
import { openCurves } from "./curves.ts";

export function curvesHandler(yard: Yard, frames: Frames): Handlers["curves"] {
  const { store, works } = yard;
  const curves = openCurves(yard);

  return async ({ params, query, who }) => {
    const job = await selectJob(store.read, params.job);
    if (!job) return refuse({ code: "no_such_job", job: params.job });
    const forbidden = forbidStrangers(who, [job]);
    if (forbidden) return forbidden;
    const { names } = await works.of(job);
    const where = askedWhere(query.where, names);
    if (isRefused(where)) return where;
    const sort = askedSort(query.sort, names);
    if (isRefused(sort)) return sort;
    const named = query.runs === undefined ? null : parseNumbers(query.runs, query.most);
    if (query.runs !== undefined && named === null)
      return badRequest(`runs: "${query.runs.slice(0, 100)}" names no runs. Write numbers and ranges: 1,2,5-9`);
    const chosen =
      named && query.metric !== undefined
        ? { metric: query.metric, matching: named.length, numbers: named }
        : await frames.use(job, (view) => choose(view, where, sort));
    if (isRefused(chosen)) return chosen;
    const { metric, matching, numbers } = chosen;
    const runs = await selectRunsNamed(store.read, job.id, numbers);
    const attempts = runs.flatMap(({ attempt_id }): AttemptId[] => (attempt_id === null ? [] : [attempt_id]));
    const read = metric === null ? new Map() : await curves.of(attempts, metric, query.over);
    const told = runs.flatMap(({ n, attempt_id }) => {
      const curve = read.get(attempt_id ?? "");
      return curve && curve.points > 0 ? [{ n, ...curve }] : [];
    });
    return { metric, matching, curves: told };

    async function choose({ frame, rows }: View, where: Condition[], sort: Sort) {
      const found = await rows(where, sort);
      const isRanked = sort.column !== "n";
      const taken = isRanked ? found.subarray(0, query.most) : sampled(found, query.most);
      const first = frame.names().find((name) => name.startsWith("metrics."));
      return {
        metric: query.metric ?? first?.slice("metrics.".length) ?? null,
        matching: named?.length ?? found.length,
        numbers: named ?? Array.from(taken, (row) => row + 1),
      };
    }
  };
}
