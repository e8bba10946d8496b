import type { Run } from "../api/run.ts";
import { isBetterSmall } from "../core/better.ts";
import { runtime } from "../core/local_time.ts";
import { valueText } from "../core/number_text.ts";
import { printable } from "../core/printable.ts";
import { ownValue } from "./own_value.ts";
import { statusCell } from "./statuses.ts";
import { type Cell, type Column, layTable } from "./table.ts";
import type { Colours } from "./terminal.ts";

/** What runs are sorted by where nobody said: their first result that is a number, best first. Null: there is none. */
export function obviousSort(runs: readonly Run[]): string | null {
  for (const { result } of runs) {
    const [key] = Object.entries(result).find(([, value]) => typeof value === "number") ?? [];
    if (key !== undefined) return isBetterSmall(key) ? key : `-${key}`;
  }
  return null;
}

/**
 * Runs by a result, where none has one of that name by the last value of a metric, or by a parameter; `-` in front: largest
 * first. Parameters that are no numbers follow them in the order of their letters; what is NaN, infinite or missing comes last.
 */
export function sortRuns(runs: readonly Run[], sort: string): Run[] {
  const key = sort.replace(/^-/, "");
  const sign = sort.startsWith("-") ? -1 : 1;
  const source = (["result", "metrics"] as const).find((one) =>
    runs.some((run) => ownValue(run[one], key) !== undefined),
  );
  const keyed = runs.map((run) => ({ run, value: sortValue(run, source ?? "params", key) }));
  keyed.sort(({ value: a }, { value: b }) => {
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    if (typeof a === "string" && typeof b === "string") return sign * (a < b ? -1 : a > b ? 1 : 0);
    return rankOf(a) - rankOf(b);
  });
  return keyed.map(({ run }) => run);
}

function sortValue(run: Run, source: "result" | "metrics" | "params", key: string): number | string | null {
  const value = ownValue<unknown>(run[source], key);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return source === "params" && typeof value === "string" ? value : null;
}

function rankOf(value: number | string | null): number {
  return typeof value === "number" ? 0 : typeof value === "string" ? 1 : 2;
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

/** Whether these runs worked with different code, which makes their results hard to compare. */
export function areOfDifferentCode(runs: readonly Run[]): boolean {
  return new Set(runs.flatMap(({ code }) => code ?? [])).size > 1;
}

/** `5bbd735e`, or of a commit with changes `6f73842d-dirty`. */
function codeText(code: string | null): string {
  return printable(code ?? "").replace(/^([0-9a-f]{8})[0-9a-f]*/, "$1");
}

/**
 * A table of parameters, results and last metrics. Metrics are left out first where it gets too wide. Where the runs worked
 * with different code, it says which.
 */
export function layResults(runs: readonly Run[], width: number | null, colours: Colours, now: number) {
  const { params, metrics, results } = namesIn(runs);
  const isMixed = areOfDifferentCode(runs);
  const isPlain = params.length === 0 && runs.some((run) => run.line !== null);
  const columns: Column[] = [
    { title: "RUN" },
    { title: "STATE" },
    ...(isPlain ? [{ title: "COMMAND", cuttable: true }] : []),
    ...params.map((name): Column => ({ title: printable(name), align: "right", cuttable: true })),
    ...results.map((name): Column => ({ title: printable(name), align: "right", cuttable: true })),
    ...(isMixed ? [{ title: "CODE" }] : []),
    { title: "TIME", align: "right" },
    ...metrics.map((name): Column => ({ title: printable(name), align: "right", cuttable: true, optional: true })),
  ];
  const rows = runs.map((run): Cell[] => [
    run.id,
    statusCell(run.status, colours),
    ...(isPlain ? [printable(run.command)] : []),
    ...params.map((name) => printable(run.paramsText[name] ?? "")),
    ...results.map((name) => ({ text: valueText(ownValue(run.result, name)), paint: colours.bold })),
    ...(isMixed ? [codeText(run.code)] : []),
    runtime(run, now),
    ...metrics.map((name) => valueText(ownValue(run.metrics, name))),
  ]);
  return layTable(columns, rows, width);
}
