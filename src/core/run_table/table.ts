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

/**
 * `most` of the rows where there are more, the same ones each time: one out of each stretch of equally many, but not always at the
 * same place in it. In a grid of parameters every so many-th run may have the same value of one of them.
 */
export function sampled(rows: Uint32Array, most: number): Uint32Array {
  if (rows.length <= most) return rows;
  return Uint32Array.from({ length: most }, (_, at) => {
    const [from, to] = [Math.floor((at * rows.length) / most), Math.floor(((at + 1) * rows.length) / most)];
    return rows[from + Math.floor(scattered(at) * (to - from))] as number;
  });
}

/** From 0 up to 1, for neighbours nothing alike. */
function scattered(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
}
