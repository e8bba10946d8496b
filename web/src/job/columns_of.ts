import type { Run } from "../../../src/api/run.ts";
import type { RunColumns } from "../../../src/api/run_table.ts";
import { isNumber } from "../../../src/core/run_table/condition.ts";

export type DescribedColumn = RunColumns["columns"][number];

const MOST_PARAMS = 8;
const MOST_RESULTS = 4;
const MOST_METRICS = 3;

/** What a table shows of a job's runs where nobody said: what tells them apart, and what came of them. */
export function usualColumns(columns: readonly DescribedColumn[]): string[] {
  const there = columns.filter(({ present }) => present > 0);
  const of = (prefix: string) => there.filter(({ name }) => name.startsWith(prefix));
  const varying = of("params.").filter(({ distinct }) => distinct !== 1);
  const results = of("result.");
  const told = new Set(results.map(({ name }) => name.slice("result.".length)));
  const metrics = of("metrics.").filter(({ name }) => !told.has(name.slice("metrics.".length)));
  const has = (name: string) => there.some((column) => column.name === name);
  return [
    "status",
    ...(has("command") ? ["command"] : []),
    ...names(varying.length > 0 ? varying : of("params.")).slice(0, MOST_PARAMS),
    ...names(results).slice(0, MOST_RESULTS),
    ...names(metrics).slice(0, MOST_METRICS),
    ...(has("cause") ? ["cause"] : []),
    "took",
    "machine",
  ];
}

/** Columns of numbers that differ: what can be plotted. */
export function plottable(columns: readonly DescribedColumn[], prefix: string): string[] {
  return names(
    columns.filter(({ name, present, distinct }) => name.startsWith(prefix) && present > 0 && distinct !== 1),
  );
}

/** What runs are judged by where nobody said: their first result that is a number, else their first metric. */
export function usualTarget(columns: readonly DescribedColumn[]): string | null {
  for (const prefix of ["result.", "metrics."]) {
    const found = columns.find(({ name, least }) => name.startsWith(prefix) && least !== null);
    if (found) return found.name;
  }
  return null;
}

/** What there will be, as far as the first rows show it, before the yard has told what there is. */
export function expectedColumns(params: readonly string[], rows: readonly Run[]): DescribedColumn[] {
  const seen = new Map<string, DescribedColumn["kind"]>();
  const note = (name: string, value: unknown) => {
    // NaN and the infinities come as words.
    const kind = typeof value === "number" || /^(NaN|-?Infinity)$/.test(String(value)) ? "number" : "text";
    seen.set(name, (seen.get(name) ?? kind) === kind ? kind : "mixed");
  };
  for (const name of params) seen.set(`params.${name}`, "empty");
  for (const name of params) {
    for (const run of rows) seen.set(`params.${name}`, isNumber(run.paramsText[name] ?? "") ? "number" : "text");
  }
  for (const { metrics, result } of rows) {
    for (const [name, value] of Object.entries(metrics)) note(`metrics.${name}`, value);
    for (const [name, value] of Object.entries(result)) note(`result.${name}`, value);
  }
  if (rows.some(({ cause }) => cause !== null)) seen.set("cause", "text");
  if (params.length === 0 && rows.some(({ line }) => line !== null)) seen.set("command", "text");
  return [...seen].map(([name, kind]) => ({ name, kind, least: null, most: null, distinct: null, present: 1 }));
}

function names(columns: readonly DescribedColumn[]): string[] {
  return columns.map(({ name }) => name);
}
