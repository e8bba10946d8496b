import type { Progression, ValueSequence } from "./axis.ts";
import { type Grid, indexInGroup } from "./grid.ts";
import { type IndexSet, indexSetOf, noIndexes, spanOfIndexes } from "./index_set.ts";
import { MAX_RUNS } from "./run_limit.ts";

/** Sizes up to which matches are worked out once instead of at every look. */
const MAX_KEPT = 1 << 17;

/** Where in `axis` the values stand that `other` has too; null where more would have to be compared than a job has runs. */
export function valuesWithin(axis: ValueSequence, other: ValueSequence): IndexSet | null {
  if (axis === other) return spanOfIndexes(0, axis.count);
  if (axis.progression && other.progression) {
    return progressionWithin(axis.progression, axis.count, other.progression, other.count);
  }
  const few = Math.min(axis.count, axis.computed ? other.count : axis.count);
  if (few > MAX_RUNS) return null;
  const indexes: number[] = [];
  if (axis.computed && other.count < axis.count) {
    for (let i = 0; i < other.count; i += 1) indexes.push(...axis.indexesOf(other.at(i).text));
  } else {
    for (let i = 0; i < axis.count; i += 1) if (other.indexesOf(axis.at(i).text).length > 0) indexes.push(i);
  }
  return indexSetOf(indexes);
}

function progressionWithin(a: Progression, aCount: number, b: Progression, bCount: number): IndexSet | null {
  const scale = Math.max(a.scale, b.scale);
  const [aUnit, bUnit] = [10n ** BigInt(scale - a.scale), 10n ** BigInt(scale - b.scale)];
  const [aFirst, aStep, bFirst, bStep] = [a.first * aUnit, a.step * aUnit, b.first * bUnit, b.step * bUnit];
  // Index i of a is index j of b where aFirst + i·aStep = bFirst + j·bStep: one i in every `period`, if any.
  const [divisor, inverse] = extendedGcd(aStep, bStep);
  if ((bFirst - aFirst) % divisor !== 0n) return noIndexes;
  const period = abs(bStep / divisor);
  const offset = modulo(((bFirst - aFirst) / divisor) * inverse, period);

  const bLast = bFirst + bStep * BigInt(bCount - 1);
  const [low, high] = bFirst <= bLast ? [bFirst, bLast] : [bLast, bFirst];
  const [near, far] = aStep > 0n ? [low, high] : [high, low];
  const from = largest(0n, ceilDivide(near - aFirst, aStep));
  const to = smallest(BigInt(aCount - 1), floorDivide(far - aFirst, aStep));
  const first = from + modulo(offset - from, period);
  if (first > to) return noIndexes;
  if (period === 1n) return spanOfIndexes(Number(first), Number(to) + 1);
  const count = Number((to - first) / period) + 1;
  if (count > MAX_RUNS) return null;
  const starts = Array.from({ length: count }, (_, i) => Number(first) + i * Number(period));
  return { starts, ends: starts.map((start) => start + 1) };
}

/** Where a dimension of one grid and the same dimension of another have the same values; -1: nowhere. */
export function groupMatcher(grid: Grid, other: Grid, g: number): (index: number) => number {
  const group = grid.groups[g] ?? [];
  if (group.every((a) => grid.sequences[a] === other.sequences[a])) return (index) => index;
  const members = group.map((a) => progressionMatcher(grid.sequences[a], other.sequences[a]));
  const [lead, ...others] = members.filter((member) => member !== null);
  if (lead && others.length === members.length - 1) {
    return (index) => {
      const there = lead(index);
      return there !== -1 && others.every((member) => member(index) === there) ? there : -1;
    };
  }
  const match = (index: number) =>
    indexInGroup(
      other,
      g,
      group.map((a) => grid.sequences[a]?.at(index).text ?? ""),
    );
  const size = grid.sizes[g] ?? 0;
  if (size > MAX_KEPT) return match;
  const kept = Float64Array.from({ length: size }, (_, index) => match(index));
  return (index) => kept[index] ?? -1;
}

/** Where values of one range stand in another, by arithmetic alone; null where doubles would not be exact. */
function progressionMatcher(
  axis: ValueSequence | undefined,
  other: ValueSequence | undefined,
): ((index: number) => number) | null {
  const [a, b] = [axis?.progression, other?.progression];
  if (!axis || !other || !a || !b || a.scale !== b.scale) return null;
  const numbers = [b.first - a.first, a.step, b.step].map(Number);
  const [offset = 0, step = 1, otherStep = 1] = numbers;
  const exact = [...numbers, step * axis.count, Math.abs(offset) + Math.abs(step * axis.count)].every(
    Number.isSafeInteger,
  );
  if (!exact) return null;
  return (index) => {
    const there = (index * step - offset) / otherStep;
    return Number.isInteger(there) && there >= 0 && there < other.count ? there : -1;
  };
}

/** Where in a dimension the values stand that the other grid has there too; null where that is too much to compare. */
export function groupOverlap(grid: Grid, other: Grid, g: number): IndexSet | null {
  const group = grid.groups[g] ?? [];
  const [a] = group;
  const [axis, otherAxis] = a === undefined ? [] : [grid.sequences[a], other.sequences[a]];
  if (group.length === 1 && axis && otherAxis) return valuesWithin(axis, otherAxis);
  const size = grid.sizes[g] ?? 0;
  if (group.every((one) => grid.sequences[one] === other.sequences[one])) return spanOfIndexes(0, size);
  if (size > MAX_RUNS) return null;
  const match = groupMatcher(grid, other, g);
  const indexes: number[] = [];
  for (let i = 0; i < size; i += 1) if (match(i) !== -1) indexes.push(i);
  return indexSetOf(indexes);
}

/** The greatest common divisor (above 0) and the number that times `a` leaves it, modulo `b`. */
function extendedGcd(a: bigint, b: bigint): [bigint, bigint] {
  let [r, nextR, s, nextS] = [a, b, 1n, 0n];
  while (nextR !== 0n) {
    const quotient = r / nextR;
    [r, nextR] = [nextR, r - quotient * nextR];
    [s, nextS] = [nextS, s - quotient * nextS];
  }
  return r < 0n ? [-r, -s] : [r, s];
}

function abs(n: bigint): bigint {
  return n < 0n ? -n : n;
}

function modulo(n: bigint, m: bigint): bigint {
  return ((n % m) + m) % m;
}

function floorDivide(n: bigint, d: bigint): bigint {
  return d < 0n ? floorDivide(-n, -d) : (n - modulo(n, d)) / d;
}

function ceilDivide(n: bigint, d: bigint): bigint {
  return -floorDivide(-n, d);
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
