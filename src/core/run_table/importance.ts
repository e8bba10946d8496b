import type { Column } from "./column.ts";
import { SLICE, type Sliced } from "./table.ts";

/** What a parameter has to do with a result. */
export interface Importance {
  /** Which part of the result's variation goes with the parameter alone, 0 to 1. Null: too few runs to say. */
  share: number | null;
  /** Spearman's correlation, −1 to 1: whether the result rises with the parameter. Null: the parameter is no number. */
  direction: number | null;
  /** Runs that have both. */
  runs: number;
}

const FEWEST_RUNS = 4;
const MOST_BINS = 16;

/**
 * The part of the variance of the result's ranks that lies between the parameter's values (numbers of many values: between
 * stretches of equally many runs), as in the marginals of fANOVA (Hutter, Hoos, Leyton-Brown 2014). Ranks, so that one run that
 * went astray does not outweigh the others. Corrected for chance, ε² of Kelley 1935: 1 − (n−1)/(n−k) · within/total, which is 0 on
 * average where the parameter does nothing, however many values k it has; what falls below 0 is 0.
 *
 * @param rows  the runs to look at
 */
export function* importanceOf(parameter: Column, result: Column, rows: Uint32Array): Sliced<Importance> {
  const both: number[] = [];
  for (const [at, row] of rows.entries()) {
    if (at % SLICE === SLICE - 1) yield;
    const isThere = isNumberAt(parameter, row) || (parameter.codes?.[row] ?? 0) > 0;
    if (isThere && isNumberAt(result, row)) both.push(row);
  }
  const runs = both.length;
  if (runs < FEWEST_RUNS) return { share: null, direction: null, runs };
  const ranks = yield* ranksOf(both.map((row) => result.numbers?.[row] ?? 0));
  const isAllNumbers = both.every((row) => isNumberAt(parameter, row));
  const values = isAllNumbers ? yield* ranksOf(both.map((row) => parameter.numbers?.[row] ?? 0)) : null;
  const groups = values ? binned(values) : both.map((row) => groupKey(parameter, row));
  yield;
  return { share: correctedShare(groups, ranks), direction: values && correlation(values, ranks), runs };
}

function isNumberAt({ numbers }: Column, row: number): boolean {
  return !Number.isNaN(numbers?.[row] ?? Number.NaN);
}

/** Numbers and words in one column never meet: a number's key is odd. */
function groupKey(column: Column, row: number): string {
  return isNumberAt(column, row) ? `n${column.numbers?.[row]}` : `w${column.codes?.[row]}`;
}

/** The place of each in their order, from 1; equals share the mean of theirs. */
function* ranksOf(values: readonly number[]): Sliced<Float64Array> {
  const inOrder = Float64Array.from(values).sort();
  yield;
  const places = new Map<number, number>();
  for (let first = 0; first < inOrder.length; ) {
    const value = inOrder[first] as number;
    let last = first;
    while (last + 1 < inOrder.length && inOrder[last + 1] === value) last += 1;
    places.set(value, (first + last) / 2 + 1);
    first = last + 1;
    if (first % SLICE === 0) yield;
  }
  return Float64Array.from(values, (value) => places.get(value) ?? 0);
}

/** Each value its own group where there are few; else stretches of the order, as long as each other. */
function binned(ranks: Float64Array): (number | string)[] {
  const bins = Math.max(2, Math.min(MOST_BINS, Math.floor(Math.sqrt(ranks.length))));
  if (new Set(ranks).size <= bins) return [...ranks];
  return Array.from(ranks, (rank) => Math.min(bins - 1, Math.floor(((rank - 0.5) / ranks.length) * bins)));
}

function correctedShare(groups: readonly (number | string)[], values: Float64Array): number | null {
  const mean = (values.length + 1) / 2;
  const sums = new Map<number | string, { count: number; sum: number }>();
  let total = 0;
  for (const [at, value] of values.entries()) {
    total += (value - mean) ** 2;
    const key = groups[at] ?? 0;
    const group = sums.get(key) ?? { count: 0, sum: 0 };
    group.count += 1;
    group.sum += value;
    sums.set(key, group);
  }
  const free = values.length - sums.size;
  if (total === 0 || free <= 0) return total === 0 ? 0 : null;
  let between = 0;
  for (const { count, sum } of sums.values()) between += count * (sum / count - mean) ** 2;
  return Math.max(0, Math.min(1, 1 - ((values.length - 1) / free) * ((total - between) / total)));
}

/** Pearson's, which of ranks is Spearman's; null where one of them does not vary. */
function correlation(a: Float64Array, b: Float64Array): number | null {
  const mean = (a.length + 1) / 2;
  let [both, ofA, ofB] = [0, 0, 0];
  for (const [at, value] of a.entries()) {
    const [x, y] = [value - mean, (b[at] ?? 0) - mean];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? null : both / Math.sqrt(ofA * ofB);
}
