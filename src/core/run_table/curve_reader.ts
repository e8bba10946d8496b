import { parseEvent } from "../run_event.ts";
import type { Sliced } from "./table.ts";
import { type Curve, thinned } from "./thinned.ts";

/** What points of a curve stand over: the step they were told with, or seconds since the first of them. */
export type Over = "step" | "seconds";

/** Takes one metric out of an events file, piece by piece as it grows, and holds no more of it than a plot can show. */
export interface CurveReader {
  /** The further bytes of the file, as text up to the end of a line. */
  take(lines: string): Sliced<void>;
  /** At most `most` points. */
  curve(most: number): Curve;
  /** How many points have come. */
  points(): number;
}

/** Beyond so many they are thinned to half as many, and further ones come behind them. */
const MOST_HELD = 5000;
const LINES_A_SLICE = 500;

export function openCurveReader(metric: string, over: Over): CurveReader {
  let held: Curve = { x: [], y: [] };
  let count = 0;
  let firstAt: number | null = null;
  // Most lines of a file that tells many metrics apart need not be parsed.
  const key = JSON.stringify(metric);
  const isPlain = /^[\x20-\x7e]*$/.test(metric);

  function add(line: string): void {
    if (isPlain && !line.includes(key)) return;
    const event = parseEvent(line);
    if (event?.kind !== "metric" || !Object.hasOwn(event.values, metric)) return;
    const value = event.values[metric];
    const y = typeof value === "number" ? value : null;
    if (y === null && value !== "NaN" && value !== "Infinity" && value !== "-Infinity") return;
    firstAt ??= event.at;
    count += 1;
    held.x.push(over === "step" ? (event.step ?? count) : (event.at - firstAt) / 1000);
    held.y.push(y);
    if (held.x.length > MOST_HELD) held = thinned(held, MOST_HELD / 2);
  }

  return {
    *take(lines) {
      let taken = 0;
      for (let from = 0; from < lines.length; ) {
        const end = lines.indexOf("\n", from);
        const to = end === -1 ? lines.length : end;
        add(lines.slice(from, to));
        from = to + 1;
        taken += 1;
        if (taken % LINES_A_SLICE === 0) yield;
      }
    },
    curve: (most) => thinned(held, most),
    points: () => count,
  };
}
