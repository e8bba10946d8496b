import { valueText } from "../../../../src/core/number_text.ts";

/** How the values of an axis stand on it: from 0, its beginning, to 1, its end. */
export interface Scale {
  /** Null: it has no place there. */
  at(value: number | string | null): number | null;
  ticks: readonly Tick[];
  kind: "linear" | "log" | "words";
  /** The number at a place; NaN on an axis of words. */
  valueAt(part: number): number;
  /** What stands first and last. */
  ends: readonly [string, string];
}

export interface Tick {
  at: number;
  text: string;
}

const MOST_WORDS = 24;

/** From the least to the most, with a little room around both. */
export function linearScale(least: number, most: number, count = 6): Scale {
  const [low, high] = roomAround(least, most);
  const step = niceStep((high - low) / count);
  const ticks: Tick[] = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i += 1) {
    // Whole multiples, so that no digits come of adding up.
    ticks.push({ at: (i * step - low) / (high - low), text: tickText(i * step, step) });
  }
  return {
    kind: "linear",
    at: (value) => (typeof value === "number" ? (value - low) / (high - low) : null),
    valueAt: (part) => low + part * (high - low),
    ticks,
    ends: [valueText(least), valueText(most)],
  };
}

/** Both above 0. What is not has no place. */
export function logScale(least: number, most: number, count = 7): Scale {
  const [low, high] = roomAround(Math.log10(least), Math.log10(most));
  const at = (exponent: number) => (exponent - low) / (high - low);
  const decades: number[] = [];
  for (let exponent = Math.ceil(low); exponent <= high; exponent += 1) decades.push(exponent);
  const every = Math.max(1, Math.ceil(decades.length / count));
  let ticks = decades
    .filter((_, i) => i % every === 0)
    .map((exponent) => ({ at: at(exponent), text: powerText(exponent) }));
  // Within a decade or two its parts tell more.
  if (decades.length <= 2) {
    ticks = [Math.floor(low), ...decades].flatMap((exponent) =>
      [1, 2, 5].flatMap((digit) => {
        const place = at(exponent + Math.log10(digit));
        return place < 0 || place > 1 ? [] : [{ at: place, text: valueText(Number(`${digit}e${exponent}`)) }];
      }),
    );
  }
  return {
    kind: "log",
    at: (value) => (typeof value === "number" && value > 0 ? at(Math.log10(value)) : null),
    valueAt: (part) => 10 ** (low + part * (high - low)),
    ticks,
    ends: [valueText(least), valueText(most)],
  };
}

/** Words one after another, as far apart as each other. */
export function wordScale(words: readonly string[]): Scale {
  const places = new Map(words.map((word, i) => [word, (i + 0.5) / words.length]));
  const every = Math.ceil(words.length / MOST_WORDS);
  return {
    kind: "words",
    at: (value) => places.get(String(value)) ?? null,
    valueAt: () => Number.NaN,
    ends: [words[0] ?? "", words.at(-1) ?? ""],
    ticks: words.flatMap((text, i) => (i % every === 0 ? [{ at: (i + 0.5) / words.length, text }] : [])),
  };
}

/** What shows these cells best: numbers on a line, those over several decades by their powers, anything else as words. */
export function scaleOf(cells: readonly (number | string | null)[], isLog: boolean | null = null): Scale {
  const numbers = cells.filter((cell) => typeof cell === "number");
  const words = cells.filter((cell) => typeof cell === "string" && !/^(NaN|-?Infinity)$/.test(cell));
  if (words.length > 0) {
    const known = [...new Set([...numbers.sort((a, b) => a - b), ...words.toSorted()].map(String))];
    return wordScale(known);
  }
  const least = numbers.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = numbers.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  if (numbers.length === 0) return linearScale(0, 1);
  const spansDecades = least > 0 && most / least >= 100;
  const scale = (isLog ?? spansDecades) && least > 0 ? logScale(least, most) : linearScale(least, most);
  return atTheirValues(scale, numbers);
}

const FEW = 8;
/** Ticks that are nearer would stand on each other. */
const LEAST_GAP = 0.05;

/** Where there are few values, it is they that stand at the axis. */
function atTheirValues(scale: Scale, numbers: readonly number[]): Scale {
  const few = new Set<number>();
  for (const number of numbers) {
    few.add(number);
    if (few.size > FEW) return scale;
  }
  const ticks: Tick[] = [];
  for (const value of [...few].sort((a, b) => a - b)) {
    const at = scale.at(value) ?? 0;
    if (at - (ticks.at(-1)?.at ?? -1) >= LEAST_GAP) ticks.push({ at, text: valueText(value) });
  }
  return { ...scale, ticks };
}

function roomAround(least: number, most: number): [number, number] {
  const room = most === least ? Math.max(Math.abs(most) * 0.1, 1e-9) : (most - least) * 0.03;
  return [least - room, most + room];
}

/** 1, 2 or 5 of some power of ten, not below `step`. */
function niceStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  const digit = [1, 2, 5, 10].find((one) => one * power >= step * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** With as many decimal places as tell the ticks apart. */
function tickText(value: number, step: number): string {
  if (Math.abs(value) < step / 2) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4)
    return value.toExponential(Math.max(0, Math.ceil(Math.log10(size / step)))).replace(/\.?0+e/, "e");
  return value.toFixed(Math.min(8, Math.max(0, -Math.floor(Math.log10(step)))));
}

function powerText(exponent: number): string {
  return exponent >= -3 && exponent <= 4 ? valueText(Number(`1e${exponent}`)) : `1e${exponent}`;
}
