import type { ValueSequence } from "./axis.ts";
import { formatDecimal, numberKey, parseDecimal } from "./decimal.ts";

/** Values between the ends are rounded to this many digits: enough to tell them apart, few enough to read. */
const SIGNIFICANT_DIGITS = 12;
/** Neighbours closer than this, relative to the larger end, could be written alike. */
const MIN_SPACING = 2e-11;

/**
 * `count` values from `from` to `to`, evenly spaced: `log` geometrically, `lin` linearly. The ends are exact,
 * those between the shortest decimals of 12 significant digits. A text saying why where that cannot be.
 */
export function spacedValues(kind: "log" | "lin", from: string, to: string, count: number): ValueSequence | string {
  const [first, last] = [parseDecimal(from), parseDecimal(to)];
  if (!first || !last) return `${first ? to : from} is not a number as ranges take them`;
  const [a, b] = [Number(from), Number(to)];
  if (!Number.isInteger(count) || count < 2) return "it needs at least 2 values: both ends";
  if (!Number.isSafeInteger(count)) return "it has more than 2^53 values";
  if (!usable(a) || !usable(b)) return "an end is too large or too fine";
  if (kind === "log" && (a <= 0 || b <= 0)) return "both ends of a log range must be above 0";

  const [start, end] = kind === "log" ? [Math.log10(a), Math.log10(b)] : [a, b];
  const spacing = (end - start) / (count - 1);
  const relative =
    kind === "log" ? Math.abs(spacing) * Math.LN10 : Math.abs(spacing) / Math.max(Math.abs(a), Math.abs(b));
  if (!(relative >= MIN_SPACING)) return "its values lie too close together to be told apart";
  const [firstText, lastText] = [formatDecimal(first), formatDecimal(last)];

  function textAt(index: number): string {
    if (index === 0) return firstText;
    if (index === count - 1) return lastText;
    const place = start + (end - start) * (index / (count - 1));
    return shortest(kind === "log" ? 10 ** place : rounded(place));
  }

  // A value near 0 in a linear range is what is left of two large ones: digits finer than theirs mean nothing.
  function rounded(value: number): number {
    return Math.abs(value) < Math.abs(spacing) * 1e-9 ? 0 : value;
  }

  function indexesOf(text: string): readonly number[] {
    const key = numberKey(text);
    if (key === null) return [];
    const value = kind === "log" ? Math.log10(Number(text)) : Number(text);
    const near = Math.round((value - start) / spacing);
    for (const index of [near, near - 1, near + 1]) {
      if (index >= 0 && index < count && numberKey(textAt(index)) === key) return [index];
    }
    return [];
  }

  return {
    count,
    at(index) {
      if (!(index >= 0 && index < count)) throw new RangeError(`no value ${index} of ${count}`);
      const text = textAt(index);
      return { text, json: text };
    },
    indexesOf,
    computed: true,
    progression: null,
  };
}

function shortest(value: number): string {
  return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

function usable(value: number): boolean {
  return value === 0 || (Math.abs(value) >= 1e-300 && Math.abs(value) <= 1e300);
}
