/** A set of whole numbers from 0 as sorted, separate spans: `starts[i]` is in it, `ends[i]` no longer. */
export interface IndexSet {
  starts: number[];
  ends: number[];
}

export const noIndexes: IndexSet = { starts: [], ends: [] };

export function spanOfIndexes(start: number, end: number): IndexSet {
  return end > start ? { starts: [start], ends: [end] } : noIndexes;
}

/** The set of these numbers, in any order, repeated or not. */
export function indexSetOf(indexes: readonly number[]): IndexSet {
  const [only] = indexes;
  if (only === undefined) return noIndexes;
  if (indexes.length === 1) return spanOfIndexes(only, only + 1);
  return unionOfSpans(
    indexes,
    indexes.map((index) => index + 1),
  );
}

export function unionOfIndexes(sets: readonly IndexSet[]): IndexSet {
  const [first, ...others] = sets;
  if (first && others.length === 0) return first;
  return unionOfSpans(
    sets.flatMap((set) => set.starts),
    sets.flatMap((set) => set.ends),
  );
}

function unionOfSpans(starts: readonly number[], ends: readonly number[]): IndexSet {
  // Sorted apart, the n-th start and the n-th end still bound the same union.
  const sortedStarts = Float64Array.from(starts).sort();
  const sortedEnds = Float64Array.from(ends).sort();
  const union: IndexSet = { starts: [], ends: [] };
  for (let i = 0; i < sortedStarts.length; i += 1) {
    const start = sortedStarts[i] ?? 0;
    const end = sortedEnds[i] ?? 0;
    const last = union.ends.length - 1;
    if (last >= 0 && start <= (union.ends[last] ?? 0)) union.ends[last] = end;
    else {
      union.starts.push(start);
      union.ends.push(end);
    }
  }
  return union;
}

export function commonIndexes(a: IndexSet, b: IndexSet): IndexSet {
  const common: IndexSet = { starts: [], ends: [] };
  for (let i = 0, j = 0; i < a.starts.length && j < b.starts.length; ) {
    const start = Math.max(a.starts[i] ?? 0, b.starts[j] ?? 0);
    const aEnd = a.ends[i] ?? 0;
    const bEnd = b.ends[j] ?? 0;
    const end = Math.min(aEnd, bEnd);
    if (start < end) {
      common.starts.push(start);
      common.ends.push(end);
    }
    if (aEnd <= bEnd) i += 1;
    else j += 1;
  }
  return common;
}

export function isEmptySet(set: IndexSet): boolean {
  return set.starts.length === 0;
}

/** Whether the set holds every number below `count`. */
export function holdsAllBelow(set: IndexSet, count: number): boolean {
  return set.starts.length === 1 && set.starts[0] === 0 && (set.ends[0] ?? 0) >= count;
}

/** The place of the last of the sorted `numbers` that is not above `limit`; -1 where all are. */
export function lastNotAbove(numbers: ArrayLike<number>, limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Number.POSITIVE_INFINITY) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
