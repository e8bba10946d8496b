import type { AttemptId } from "../../core/run.ts";
import { plainLine } from "../../core/run_table/likeness.ts";
import type { OutputPlace } from "../../files/output_place.ts";
import { inParallel } from "../../platform/in_parallel.ts";
import type { Yard } from "../yard.ts";
import { streamPlaces } from "./stream_places.ts";

/** What attempts that failed said last: the last line on stderr that is not empty, else on stdout. */
export interface LastWords {
  /**
   * By attempt; null: they said nothing. Those that are not there have not been looked at: of very many, each call looks at some more.
   */
  of(attempts: readonly AttemptId[]): Promise<Map<string, string | null>>;
}

/** A call takes about so long at most. */
const LOOK_MS = 700;
const PORTION = 200;
const WIDTH = 8;
const MOST_KEPT = 100_000;
const LINES = 5;
const MOST_BYTES = 4096;

export function openLastWords(yard: Pick<Yard, "store" | "id" | "files">): LastWords {
  const known = new Map<string, string | null>();

  async function lastLine(place: OutputPlace): Promise<string | null> {
    const tail = await yard.files.outputs.lastLines(place, LINES, MOST_BYTES);
    if (!tail.ok) return null;
    const lines = tail.value.bytes.toString("utf8").split("\n").map(plainLine);
    return lines.findLast((line) => line !== "") ?? null;
  }

  async function look(attempts: readonly AttemptId[]): Promise<void> {
    const errors = await streamPlaces(yard, attempts, "err");
    const outs = await streamPlaces(yard, attempts, "out");
    await inParallel(attempts, WIDTH, async (attempt) => {
      const [err, out] = [errors.get(attempt), outs.get(attempt)];
      const said = (err && (await lastLine(err.place))) ?? (out && (await lastLine(out.place))) ?? null;
      known.set(attempt, said);
    });
  }

  return {
    async of(attempts) {
      const until = performance.now() + LOOK_MS;
      if (known.size > MOST_KEPT) known.clear();
      const unknown = attempts.filter((attempt) => !known.has(attempt));
      for (let at = 0; at < unknown.length && performance.now() < until; at += PORTION)
        await look(unknown.slice(at, at + PORTION));
      return new Map(
        attempts.flatMap((attempt) => (known.has(attempt) ? [[attempt, known.get(attempt) ?? null]] : [])),
      );
    },
  };
}
