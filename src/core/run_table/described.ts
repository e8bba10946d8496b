import { type Column, isNoValue } from "./column.ts";
import { SLICE, type Sliced } from "./table.ts";

/** What stands in a column, as a plot or a filter has to know it. */
export interface Described {
  /** NaN and the infinities are numbers here. */
  kind: "number" | "text" | "mixed" | "empty";
  /** Of its numbers. Null: it has none. */
  least: number | null;
  most: number | null;
  /** Different cells that are not empty; null: more than a thousand. */
  distinct: number | null;
  /** Cells that are not empty. */
  present: number;
}

const MOST_COUNTED = 1000;

export function* describeColumn({ numbers, codes, words }: Column, rows: number): Sliced<Described> {
  let [least, most, present, texts] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
  const seen = new Set<number>();
  const seenCodes = new Set<number>();
  for (let row = 0; row < rows; row += 1) {
    if (row % SLICE === SLICE - 1) yield;
    const number = numbers?.[row] ?? Number.NaN;
    if (!Number.isNaN(number)) {
      present += 1;
      if (number < least) least = number;
      if (number > most) most = number;
      if (seen.size <= MOST_COUNTED) seen.add(number);
      continue;
    }
    const code = codes?.[row] ?? 0;
    if (code === 0) continue;
    present += 1;
    if (!isNoValue(words[code - 1] ?? "")) texts += 1;
    if (seenCodes.size <= MOST_COUNTED) seenCodes.add(code);
  }
  const distinct = seen.size + seenCodes.size;
  return {
    kind: present === 0 ? "empty" : texts === 0 ? "number" : texts === present ? "text" : "mixed",
    least: seen.size > 0 ? least : null,
    most: seen.size > 0 ? most : null,
    distinct: distinct > MOST_COUNTED ? null : distinct,
    present,
  };
}
