import { parseRange, valueSequence } from "./axis_values.ts";
import type { Exclusion } from "./exclusion.ts";
import type { Grid } from "./grid.ts";
import { valuesWithin } from "./grid_overlap.ts";
import { commonIndexes, type IndexSet, indexSetOf, isEmptySet } from "./index_set.ts";
import type { Box } from "./lattice.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";

const SHOWN_VALUES = 10;

/**
 * The region of a grid that an exclusion names; null where it matches nothing. A value that never occurs is
 * refused, unless it is `lenient`: an exclusion of a job that is extended may name values of its earlier parts.
 */
export function boxOfExclusion(grid: Grid, exclusion: Exclusion, lenient: boolean): Box | SpaceRefused | null {
  const box: (IndexSet | undefined)[] = grid.groups.map(() => undefined);
  let matchesNothing = false;
  for (const [i, { name, text }] of exclusion.entries()) {
    const a = grid.names.indexOf(name);
    if (a === -1) return refuseSpace({ code: "exclude_unknown_name", name, known: [...grid.names] });
    if (exclusion.findIndex((pair) => pair.name === name) !== i) return refuseSpace({ code: "exclude_twice", name });
    const set = indexesNamed(grid, a, text);
    if (isSpaceRefused(set)) return set;
    if (isEmptySet(set) && !lenient) {
      return refuseSpace({ code: "exclude_unknown_value", name, value: text, values: firstValues(grid, a) });
    }
    const g = grid.groups.findIndex((group) => group.includes(a));
    const before = box[g];
    const both = before ? commonIndexes(before, set) : set;
    box[g] = both;
    matchesNothing ||= isEmptySet(both);
  }
  if (exclusion.length === 0) return refuseSpace({ code: "bad_exclusion", text: "" });
  return matchesNothing ? null : box;
}

function indexesNamed(grid: Grid, a: number, text: string): IndexSet | SpaceRefused {
  const [name, sequence] = [grid.names[a] ?? "", grid.sequences[a]];
  const written = indexSetOf(sequence?.indexesOf(text) ?? []);
  const range = isEmptySet(written) ? parseRange(name, text) : null;
  if (!range || !sequence) return written;
  const values = isSpaceRefused(range) ? range : valueSequence(name, range);
  if (isSpaceRefused(values)) return values;
  return valuesWithin(sequence, values) ?? refuseSpace({ code: "too_many_values", name, count: values.count });
}

function firstValues(grid: Grid, a: number): string[] {
  const sequence = grid.sequences[a];
  const shown = Array.from(
    { length: Math.min(SHOWN_VALUES, sequence?.count ?? 0) },
    (_, i) => sequence?.at(i).text ?? "",
  );
  return (sequence?.count ?? 0) > SHOWN_VALUES ? [...shown, "…"] : shown;
}
