import { boxOfExclusion } from "./exclusion_box.ts";
import { type Grid, gridOf, indexInGroup, valuesAt } from "./grid.ts";
import { groupMatcher, groupOverlap } from "./grid_overlap.ts";
import { holdsAllBelow, type IndexSet, isEmptySet, lastNotAbove } from "./index_set.ts";
import { type Box, type Lattice, latticeWithout } from "./lattice.ts";
import type { ParameterValue } from "./parameter_value.ts";
import { MAX_RUNS } from "./run_limit.ts";
import { type Shuffle, shuffleOf } from "./shuffle.ts";
import type { Space } from "./space.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";

/** One space of a job, without the combinations that earlier ones have. */
export interface CompiledPart {
  grid: Grid;
  /** Whether all combinations are runs, none left to a draw. */
  whole: boolean;
  total: number;
  at(k: number): [string, ParameterValue][];
  find(values: ReadonlyMap<string, string>): number;
  /** Whether a point of its grid is one of its combinations, or one of an earlier part's. */
  covers(point: Float64Array): boolean;
}

export function compilePart(space: Space, earlier: readonly CompiledPart[]): CompiledPart | SpaceRefused {
  const { sample, repeat } = space;
  const wrong = refuseCounts(space);
  if (wrong) return wrong;
  const grid = gridOf(
    space.axes,
    space.zip,
    earlier.map((part) => part.grid),
  );
  if (isSpaceRefused(grid)) return grid;
  const whole = sample === null;
  const inBoxes = whole ? earlier.filter((part) => part.whole) : [];
  const lattice = latticeOf(space, grid, inBoxes, earlier.length > 0);
  if (isSpaceRefused(lattice)) return lattice;

  const drawn = sample && Math.min(sample.count, lattice.count);
  if (sample && drawn !== sample.count && earlier.length === 0) {
    return refuseSpace({ code: "sample_too_large", asked: sample.count, available: lattice.count });
  }
  const candidates = drawn ?? lattice.count;
  if (candidates * repeat > MAX_RUNS) return refuseSpace({ code: "too_many_runs", total: candidates * repeat });
  const shuffle = sample && shuffleOf(lattice.count, sample.seed);
  const others = earlier.filter((part) => !inBoxes.includes(part));
  const kept = keptOf(grid, lattice, shuffle, candidates, others);
  const combinations = kept ? kept.length : candidates;
  const point = new Float64Array(grid.groups.length);

  /** Which of the candidates a point is; -1 where it was excluded or not drawn. */
  const placeOf = (at: Float64Array): number => {
    const rank = lattice.rank(at);
    const place = rank === -1 || !shuffle ? rank : shuffle.placeOf(rank);
    return place < candidates ? place : -1;
  };

  return {
    grid,
    whole,
    total: combinations * repeat,
    at(k) {
      const combination = Math.floor(k / repeat);
      const place = kept ? (kept[combination] ?? 0) : combination;
      lattice.unrank(shuffle ? shuffle.at(place) : place, point);
      return valuesAt(grid, point);
    },
    find(values) {
      if (values.size !== grid.names.length) return -1;
      for (const [g, group] of grid.groups.entries()) {
        const texts = group.map((a) => values.get(grid.names[a] ?? ""));
        const index = texts.includes(undefined)
          ? -1
          : indexInGroup(
              grid,
              g,
              texts.map((text) => text ?? ""),
            );
        if (index === -1) return -1;
        point[g] = index;
      }
      const place = placeOf(point);
      const combination = kept ? lastNotAbove(kept, place) : place;
      const found = place !== -1 && (!kept || kept[combination] === place);
      return found ? combination * repeat : -1;
    },
    covers: (at) => placeOf(at) !== -1,
  };
}

function refuseCounts({ sample, repeat }: Space): SpaceRefused | null {
  if (!Number.isSafeInteger(repeat) || repeat < 1) {
    return refuseSpace({ code: "bad_count", what: "--runs", found: repeat });
  }
  if (!sample) return null;
  if (!Number.isSafeInteger(sample.count) || sample.count < 1) {
    return refuseSpace({ code: "bad_count", what: "--sample", found: sample.count });
  }
  return Number.isSafeInteger(sample.seed) ? null : refuseSpace({ code: "bad_seed", found: sample.seed });
}

function latticeOf(
  space: Space,
  grid: Grid,
  inBoxes: readonly CompiledPart[],
  extending: boolean,
): Lattice | SpaceRefused {
  const boxes: Box[] = [];
  for (const exclusion of space.exclude) {
    const box = boxOfExclusion(grid, exclusion, extending);
    if (isSpaceRefused(box)) return box;
    if (box) boxes.push(box);
  }
  for (const part of inBoxes) {
    const box = boxOfPart(grid, part);
    if (isSpaceRefused(box)) return box;
    if (box) boxes.push(box);
  }
  const lattice = latticeWithout(grid.sizes, boxes);
  if (!lattice) return refuseSpace({ code: "exclusions_entangled", exclusions: boxes.length });
  if (lattice.count > 0 || extending) return lattice;
  return refuseSpace({ code: "excludes_everything", total: grid.sizes.reduce((a, b) => a * b, 1) });
}

/**
 * The region of `grid` that an earlier part spans; null where they have nothing in common. What that part
 * excluded is in it too: a job's exclusions hold for all its parts.
 */
function boxOfPart(grid: Grid, part: CompiledPart): Box | SpaceRefused | null {
  const box: (IndexSet | undefined)[] = [];
  for (const [g, size] of grid.sizes.entries()) {
    const set = groupOverlap(grid, part.grid, g);
    if (!set)
      return refuseSpace({ code: "too_many_values", name: grid.names[grid.groups[g]?.[0] ?? 0] ?? "", count: size });
    if (isEmptySet(set)) return null;
    box.push(holdsAllBelow(set, size) ? undefined : set);
  }
  return box;
}

/** The places of the combinations that no earlier part has; null where none has any: all are kept. */
function keptOf(
  grid: Grid,
  lattice: Lattice,
  shuffle: Shuffle | null,
  candidates: number,
  earlier: readonly CompiledPart[],
): Uint32Array | null {
  const meeting = earlier.filter((part) => {
    const sets = grid.groups.map((_, g) => groupOverlap(grid, part.grid, g));
    return !sets.some((set) => set !== null && isEmptySet(set));
  });
  if (meeting.length === 0) return null;
  const seen = meeting.map((part) => ({ part, matchers: grid.groups.map((_, g) => groupMatcher(grid, part.grid, g)) }));
  const [here, there] = [new Float64Array(grid.groups.length), new Float64Array(grid.groups.length)];
  const kept = new Uint32Array(candidates);
  let count = 0;
  for (let place = 0; place < candidates; place += 1) {
    lattice.unrank(shuffle ? shuffle.at(place) : place, here);
    const known = seen.some(({ part, matchers }) => {
      for (const [g, match] of matchers.entries()) {
        const index = match(here[g] ?? 0);
        if (index === -1) return false;
        there[g] = index;
      }
      return part.covers(there);
    });
    if (!known) kept[count++] = place;
  }
  return count === candidates ? null : kept.slice(0, count);
}
