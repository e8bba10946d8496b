import type { Run } from "../api/run.ts";
import { runtime } from "./local_time.ts";
import { valueText } from "./number_text.ts";
import { ownValue } from "./own_value.ts";
import { printable } from "./printable.ts";
import { statusCell } from "./statuses.ts";
import { type Cell, type Column, layTable } from "./table.ts";
import type { Colours } from "./terminal.ts";

const SMALLER_IS_BETTER = /loss|err|time|seconds|latency|perplexity|ppl|mse|mae|rmse|wer|cer|fid|cost|memory/i;

/** What runs are sorted by where nobody said: their first result that is a number, best first. Null: there is none. */
export function obviousSort(runs: readonly Run[]): string | null {
  for (const { result } of runs) {
    const [key] = Object.entries(result).find(([, value]) => typeof value === "number") ?? [];
    if (key !== undefined) return SMALLER_IS_BETTER.test(key) ? key : `-${key}`;
  }
  return null;
}

/** Runs by a key of their results, `-` in front: largest first. What is no finite number comes last, as it came. */
export function sortRuns(runs: readonly Run[], sort: string): Run[] {
  const key = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const rank = (run: Run) => {
    const value = run.result[key];
    return typeof value === "number" && Number.isFinite(value) ? sign * value : Number.POSITIVE_INFINITY;
  };
  return [...runs].sort((a, b) => {
    const [x, y] = [rank(a), rank(b)];
    return x === y ? 0 : x - y;
  });
}

/** The names of what runs have, in the order in which they first come. */
export function namesIn(runs: readonly Run[]): { params: string[]; metrics: string[]; results: string[] } {
  const params = new Set<string>();
  const metrics = new Set<string>();
  const results = new Set<string>();
  for (const run of runs) {
    for (const name of Object.keys(run.paramsText)) params.add(name);
    for (const name of Object.keys(run.result)) results.add(name);
    for (const name of Object.keys(run.metrics)) metrics.add(name);
  }
  return { params: [...params], metrics: [...metrics].filter((name) => !results.has(name)), results: [...results] };
}

/** A table of parameters, results and last metrics. Metrics are left out first where it gets too wide. */
export function layResults(runs: readonly Run[], width: number | null, colours: Colours, now: number) {
  const { params, metrics, results } = namesIn(runs);
  const isPlain = params.length === 0 && runs.some((run) => run.line !== null);
  const columns: Column[] = [
    { title: "RUN" },
    { title: "STATE" },
    ...(isPlain ? [{ title: "COMMAND", cuttable: true }] : []),
    ...params.map((name): Column => ({ title: printable(name), align: "right", cuttable: true })),
    ...results.map((name): Column => ({ title: printable(name), align: "right", cuttable: true })),
    { title: "TIME", align: "right" },
    ...metrics.map((name): Column => ({ title: printable(name), align: "right", cuttable: true, optional: true })),
  ];
  const rows = runs.map((run): Cell[] => [
    run.id,
    statusCell(run.status, colours),
    ...(isPlain ? [printable(run.command)] : []),
    ...params.map((name) => printable(run.paramsText[name] ?? "")),
    ...results.map((name) => ({ text: valueText(ownValue(run.result, name)), paint: colours.bold })),
    runtime(run, now),
    ...metrics.map((name) => valueText(ownValue(run.metrics, name))),
  ]);
  return layTable(columns, rows, width);
}
