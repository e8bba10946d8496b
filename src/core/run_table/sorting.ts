import { isNoValue } from "./column.ts";
import { SLICE, type Sliced, type Table } from "./table.ts";

/** By which column, and whether the largest comes first. */
export interface Sort {
  column: string;
  descending: boolean;
}

export function parseSort(text: string): Sort {
  return text.startsWith("-") ? { column: text.slice(1), descending: true } : { column: text, descending: false };
}

/**
 * The rows in the column's order: numbers, then words by their letters, in either direction; what is empty, NaN or infinite comes
 * last under both, never best. Equals stay as they came.
 */
export function* sorted(table: Table, rows: Uint32Array, { column: name, descending }: Sort): Sliced<Uint32Array> {
  const column = table.column(name);
  if (!column) return rows;
  const ranks = yield* rankWords(column.words);
  const sign = descending ? -1 : 1;
  const keys = new Float64Array(table.rows);
  const groups: [number[], number[], number[]] = [[], [], []];
  for (const [at, row] of rows.entries()) {
    if (at % SLICE === SLICE - 1) yield;
    const number = column.numbers?.[row] ?? Number.NaN;
    const code = column.codes?.[row] ?? 0;
    const isWord = code > 0 && !isNoValue(column.words[code - 1] ?? "");
    if (!Number.isNaN(number)) {
      keys[row] = sign * number;
      groups[0].push(row);
    } else if (isWord) {
      keys[row] = sign * (ranks[code - 1] ?? 0);
      groups[1].push(row);
    } else groups[2].push(row);
  }
  const isBefore = (a: number, b: number) => (keys[a] ?? 0) < (keys[b] ?? 0);
  const numbers = yield* mergeSorted(Uint32Array.from(groups[0]), isBefore);
  const words = yield* mergeSorted(Uint32Array.from(groups[1]), isBefore);
  const order = new Uint32Array(rows.length);
  order.set(numbers, 0);
  order.set(words, numbers.length);
  order.set(groups[2], numbers.length + words.length);
  return order;
}

/** By place in `words`, its place in their order. */
function* rankWords(words: readonly string[]): Sliced<Uint32Array> {
  const places = Uint32Array.from(words, (_, at) => at);
  const inOrder = yield* mergeSorted(places, (a, b) => (words[a] ?? "") < (words[b] ?? ""));
  const ranks = new Uint32Array(words.length);
  for (const [rank, at] of inOrder.entries()) ranks[at] = rank;
  return ranks;
}

/** From the bottom up, so that it can rest anywhere in between. Equals stay as they came. */
function* mergeSorted(items: Uint32Array, isBefore: (a: number, b: number) => boolean): Sliced<Uint32Array> {
  let from = items;
  let to: Uint32Array = new Uint32Array(items.length);
  let steps = 0;
  for (let width = 1; width < items.length; width *= 2) {
    for (let start = 0; start < items.length; start += 2 * width) {
      const middle = Math.min(start + width, items.length);
      const end = Math.min(start + 2 * width, items.length);
      let left = start;
      let right = middle;
      for (let at = start; at < end; at += 1) {
        if (++steps % SLICE === 0) yield;
        const isLeft = left < middle && (right >= end || !isBefore(from[right] as number, from[left] as number));
        to[at] = from[isLeft ? left++ : right++] as number;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}
