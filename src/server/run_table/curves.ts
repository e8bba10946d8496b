import type { AttemptId } from "../../core/run.ts";
import { type CurveReader, type Over, openCurveReader } from "../../core/run_table/curve_reader.ts";
import type { Curve } from "../../core/run_table/thinned.ts";
import { inSlices } from "../in_slices.ts";
import type { Yard } from "../yard.ts";
import { type StreamPlace, streamPlaces } from "./stream_places.ts";

/** A metric of an attempt, as a plot shows it. */
export interface ShownCurve extends Curve {
  points: number;
}

/** Reads metrics of many runs out of their events files, each file once, and on from there as long as it grows. */
export interface Curves {
  /** By attempt; those that are not there have told nothing. */
  of(attempts: readonly AttemptId[], metric: string, over: Over): Promise<Map<string, ShownCurve>>;
}

/** On a plot as wide as a screen more would not be seen. */
const MOST_POINTS = 300;
/** Curves that are remembered, some 5 kB each; what grows is held with up to 5,000 points. */
const MOST_KEPT = 4000;
const MOST_GROWING = 200;

interface Reading {
  reader: CurveReader;
  /** Bytes that have been read, up to the end of a line. */
  from: number;
}

export function openCurves(yard: Pick<Yard, "store" | "id" | "files">): Curves {
  const whole = new Map<string, ShownCurve>();
  const growing = new Map<string, Reading>();

  async function read(place: StreamPlace["place"], reading: Reading): Promise<void> {
    for (;;) {
      const piece = await yard.files.outputs.read(place, reading.from);
      if (!piece.ok) return;
      const end = piece.value.lastIndexOf(0x0a) + 1;
      // A line that is longer than what is read at once is none of the client library's, nor is what follows it.
      if (end === 0) return;
      await inSlices(reading.reader.take(piece.value.toString("utf8", 0, end)));
      reading.from += end;
    }
  }

  async function curveOf({ attempt, place, isWhole }: StreamPlace, metric: string, over: Over): Promise<ShownCurve> {
    const key = JSON.stringify([attempt, metric, over]);
    const known = whole.get(key);
    if (known) return known;
    const reading = growing.get(key) ?? { reader: openCurveReader(metric, over), from: 0 };
    growing.delete(key);
    await read(place, reading);
    const curve = { ...reading.reader.curve(MOST_POINTS), points: reading.reader.points() };
    if (isWhole) keep(whole, MOST_KEPT, key, curve);
    else keep(growing, MOST_GROWING, key, reading);
    return curve;
  }

  return {
    async of(attempts, metric, over) {
      const places = await streamPlaces(yard, attempts, "events");
      const curves = new Map<string, ShownCurve>();
      for (const [attempt, place] of places) curves.set(attempt, await curveOf(place, metric, over));
      return curves;
    },
  };
}

/** The oldest gives way. */
function keep<Value>(known: Map<string, Value>, most: number, key: string, value: Value): void {
  const [oldest] = known.keys();
  if (known.size >= most && oldest !== undefined) known.delete(oldest);
  known.set(key, value);
}
