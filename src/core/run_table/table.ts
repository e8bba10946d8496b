import type { Column } from "./column.ts";

/** The runs of one job as columns: row 0 is run 1. */
export interface Table {
  rows: number;
  /** Null: no run has anything of that name. */
  column(name: string): Column | null;
  /** Its columns, in the order in which people expect them. */
  names(): string[];
}

/**
 * Work that would take long at a stretch: it yields wherever it may rest, after some ten thousand simple steps, and whoever
 * drives it decides how often to go on.
 */
export type Sliced<Result> = Generator<void, Result>;

/** Steps between two places to rest. */
export const SLICE = 16_384;

/** What every job's runs have, beside `params.…`, `metrics.…` and `result.…`. `took`: seconds; instants: epoch ms. */
export const ownColumns = [
  "n",
  "status",
  "cause",
  "exitCode",
  "machine",
  "attempts",
  "progress",
  "startedAt",
  "endedAt",
  "took",
  "line",
  "command",
] as const;
export type OwnColumn = (typeof ownColumns)[number];

function isOwnColumn(name: string): name is OwnColumn {
  return (ownColumns as readonly string[]).includes(name);
}

/** What is wrong with the name of a column, or null. Of metrics and results any may come yet; parameters are known. */
export function whyNoColumn(name: string, params: readonly string[]): string | null {
  if (isOwnColumn(name) || /^(metrics|result)\../s.test(name)) return null;
  const known = [...ownColumns, ...params.slice(0, 50).map((param) => `params.${param}`)];
  if (name.startsWith("params.") && params.includes(name.slice("params.".length))) return null;
  return `there is no column ${name}. There are: ${known.join(", ")}, metrics.NAME, result.NAME`;
}

/** Every so many-th of the rows, where there are more than `most`: the same ones each time. */
export function evenly(rows: Uint32Array, most: number): Uint32Array {
  if (rows.length <= most) return rows;
  return Uint32Array.from({ length: most }, (_, at) => rows[Math.floor((at * rows.length) / most)] as number);
}
