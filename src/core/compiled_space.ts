import { lastNotAbove } from "./index_set.ts";
import type { ParameterValue } from "./parameter_value.ts";
import { MAX_RUNS } from "./run_limit.ts";
import type { Space } from "./space.ts";
import { type CompiledPart, compilePart } from "./space_part.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";

/** The runs of a space, by number. */
export interface CompiledSpace {
  names: readonly string[];
  /** How many runs. */
  total: number;
  /** The parameters of run k, from 0 (run `12.1` is k = 0), in the order given. */
  at(k: number): [string, ParameterValue][];
  /** The first run with these values (name → text, equal numbers alike); -1: none. */
  find(values: ReadonlyMap<string, string>): number;
}

/** The runs of a space, or what is wrong with it. Takes milliseconds and little memory, however many runs there are. */
export function compileSpace(space: Space): CompiledSpace | SpaceRefused {
  return compileSpaces([space]);
}

/**
 * The runs of a job that was extended: `spaces` in the order in which they came to it, each without the
 * combinations that an earlier one has; the numbers go on from one to the next.
 */
export function compileSpaces(spaces: readonly Space[]): CompiledSpace | SpaceRefused {
  const parts: CompiledPart[] = [];
  const starts: number[] = [];
  let total = 0;
  for (const space of spaces) {
    const part = compilePart(space, parts);
    if (isSpaceRefused(part)) return part;
    parts.push(part);
    starts.push(total);
    total += part.total;
  }
  if (total > MAX_RUNS) return refuseSpace({ code: "too_many_runs", total });

  return {
    names: parts[0]?.grid.names ?? [],
    total,
    at(k) {
      // Parts without runs begin where the next does: the last that begins here is the one.
      const i = lastNotAbove(starts, k);
      const part = parts[i];
      if (!part || !(k < total)) throw new RangeError(`no run ${k} of ${total}`);
      return part.at(k - (starts[i] ?? 0));
    },
    find(values) {
      for (const [i, part] of parts.entries()) {
        const k = part.find(values);
        if (k !== -1) return (starts[i] ?? 0) + k;
      }
      return -1;
    },
  };
}
