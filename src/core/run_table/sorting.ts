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
  const { numbers, codes, words } = column;
  const ranks = yield* rankWords(words);
  const isPlaced = Uint8Array.from(ranks, (_, at) => (isNoValue(words[at] ?? "") ? 0 : 1));
  const sign = descending ? -1 : 1;
  const keys = new Float64Array(table.rows);
  const [ofNumbers, ofWords, others] = [emptyList(rows.length), emptyList(rows.length), emptyList(rows.length)];
  for (const [at, row] of rows.entries()) {
    if (at % SLICE === SLICE - 1) yield;
    const number = numbers?.[row] ?? Number.NaN;
    const word = (codes?.[row] ?? 0) - 1;
    if (!Number.isNaN(number)) {
      keys[row] = sign * number;
      add(ofNumbers, row);
    } else if (isPlaced[word] === 1) {
      keys[row] = sign * (ranks[word] ?? 0);
      add(ofWords, row);
    } else add(others, row);
  }
  const order = new Uint32Array(rows.length);
  order.set(yield* byKey(taken(ofNumbers), keys), 0);
  order.set(yield* byKey(taken(ofWords), keys), ofNumbers.length);
  order.set(taken(others), ofNumbers.length + ofWords.length);
  return order;
}

interface List {
  items: Uint32Array;
  length: number;
}

function emptyList(most: number): List {
  return { items: new Uint32Array(most), length: 0 };
}

function add(list: List, item: number): void {
  list.items[list.length++] = item;
}

function taken({ items, length }: List): Uint32Array {
  return items.subarray(0, length);
}

const DIGIT_BITS = 16;
const DIGITS = 2 ** DIGIT_BITS;

/**
 * By their keys, equals as they came: digit by digit from the last (radix sort), which takes the same few passes whatever the
 * keys are. The bits of a double stand in the order of the numbers once those below 0 are turned around.
 */
function* byKey(items: Uint32Array, keys: Float64Array): Sliced<Uint32Array> {
  const { length } = items;
  const digits = new Uint16Array(4 * length);
  const number = new Float64Array(1);
  const bits = new Uint16Array(number.buffer);
  for (let at = 0; at < length; at += 1) {
    if (at % SLICE === SLICE - 1) yield;
    // −0 is 0.
    number[0] = (keys[items[at] as number] ?? 0) + 0;
    const isNegative = (bits[3] as number) >= 0x8000;
    for (let digit = 0; digit < 4; digit += 1) {
      const flip = isNegative ? 0xffff : digit === 3 ? 0x8000 : 0;
      digits[4 * at + digit] = (bits[digit] as number) ^ flip;
    }
  }
  let from = new Uint32Array(length);
  for (let at = 0; at < length; at += 1) from[at] = at;
  let to = new Uint32Array(length);
  yield;
  for (let digit = 0; digit < 4; digit += 1) {
    const ends = new Uint32Array(DIGITS + 1);
    for (let at = 0; at < length; at += 1) {
      if (at % SLICE === SLICE - 1) yield;
      const value = (digits[4 * at + digit] as number) + 1;
      ends[value] = (ends[value] as number) + 1;
    }
    for (let value = 0; value < DIGITS; value += 1)
      ends[value + 1] = (ends[value + 1] as number) + (ends[value] as number);
    yield;
    for (let place = 0; place < length; place += 1) {
      if (place % SLICE === SLICE - 1) yield;
      const at = from[place] as number;
      const value = digits[4 * at + digit] as number;
      const end = ends[value] as number;
      to[end] = at;
      ends[value] = end + 1;
    }
    [from, to] = [to, from];
  }
  for (let place = 0; place < length; place += 1) {
    if (place % SLICE === SLICE - 1) yield;
    to[place] = items[from[place] as number] as number;
  }
  return to;
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
