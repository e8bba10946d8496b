import { type IndexSet, lastNotAbove, unionOfIndexes } from "./index_set.ts";

/** A region of a lattice: all points whose index lies in the set given for a dimension; a missing set allows all. */
export type Box = readonly (IndexSet | undefined)[];

/** The points of a grid, in lexicographic order (last dimension fastest), less those in some boxes. */
export interface Lattice {
  count: number;
  /** Writes the indexes of the k-th point (from 0) into `point`. */
  unrank(k: number, point: Float64Array): void;
  /** Which point this is, from 0; -1 where it was taken out. */
  rank(point: Float64Array): number;
}

/**
 * One level of a decision diagram: the indexes from `starts[i]` up to the next start lead to `children[i]`, and
 * `before[i]` points lie before them. Levels that leave the same rest are shared, so that a million points
 * less a few boxes take a few nodes, and any point is found without counting.
 */
interface Node {
  count: number;
  starts: Float64Array;
  children: Node[];
  before: Float64Array;
}

/** About a second's work. */
const MAX_STEPS = 10_000_000;
const STEPS_A_NODE = 40;

/**
 * `sizes` per dimension, their product below 2^53. null where the boxes overlap in so many ways that the
 * diagram would grow beyond reason.
 */
export function latticeWithout(sizes: readonly number[], boxes: readonly Box[]): Lattice | null {
  const dimensions = sizes.length;
  const regions = mergedBoxes(boxes);
  const lastOf = regions.map((box) => box.findLastIndex((set) => set !== undefined));
  const gone = leaf(0);
  const untouched: Node[] = [leaf(1)];
  for (let g = dimensions - 1; g >= 0; g -= 1) {
    const rest = untouched[0] ?? gone;
    untouched.unshift(node(sizes[g] ?? 0, [0], [rest]));
  }
  const known = new Map<string, Node>();
  let steps = 0;

  function build(g: number, alive: readonly number[]): Node {
    if (alive.length === 0) return untouched[g] ?? gone;
    const key = `${g}:${alive.join()}`;
    const before = known.get(key);
    if (before) return before;
    steps += STEPS_A_NODE + alive.length;
    const passing = alive.filter((id) => regions[id]?.[g] === undefined);
    const starts: number[] = [];
    const children: Node[] = [];
    let shared: Node | null = null;
    forEachSegment(sizes[g] ?? 0, regions, alive, g, (start, active) => {
      steps += 1;
      let child: Node;
      if (active.some((id) => lastOf[id] === g)) child = gone;
      else if (active.length === 0) {
        shared ??= build(g + 1, passing);
        child = shared;
      } else {
        steps += passing.length + active.length;
        if (steps > MAX_STEPS) return false;
        child = build(
          g + 1,
          [...passing, ...active].sort((a, b) => a - b),
        );
      }
      if (children.at(-1) === child) return true;
      starts.push(start);
      children.push(child);
      return steps <= MAX_STEPS;
    });
    const made = node(sizes[g] ?? 0, starts, children);
    known.set(key, made);
    return made;
  }

  const everything = lastOf.includes(-1);
  const root = everything ? gone : build(0, [...regions.keys()]);
  if (steps > MAX_STEPS) return null;
  known.clear();

  return {
    count: root.count,
    unrank(k, point) {
      if (!(k >= 0 && k < root.count)) throw new RangeError(`no point ${k} of ${root.count}`);
      let at = root;
      let rest = k;
      for (let g = 0; g < dimensions; g += 1) {
        const i = lastNotAbove(at.before, rest);
        const child = at.children[i] ?? gone;
        const offset = rest - (at.before[i] ?? 0);
        rest = offset % child.count;
        point[g] = (at.starts[i] ?? 0) + (offset - rest) / child.count;
        at = child;
      }
    },
    rank(point) {
      let at = root;
      let k = 0;
      for (let g = 0; g < dimensions; g += 1) {
        const index = point[g] ?? 0;
        const i = lastNotAbove(at.starts, index);
        const child = at.children[i];
        if (!child || child.count === 0) return -1;
        k += (at.before[i] ?? 0) + (index - (at.starts[i] ?? 0)) * child.count;
        at = child;
      }
      return at.count === 0 ? -1 : k;
    },
  };
}

function leaf(count: number): Node {
  return { count, starts: new Float64Array(0), children: [], before: new Float64Array(0) };
}

function node(size: number, starts: number[], children: Node[]): Node {
  const before = new Float64Array(starts.length);
  let count = 0;
  for (let i = 0; i < starts.length; i += 1) {
    before[i] = count;
    count += ((starts[i + 1] ?? size) - (starts[i] ?? 0)) * (children[i]?.count ?? 0);
  }
  return { count, starts: Float64Array.from(starts), children, before };
}

/** Boxes that differ only in the last dimension they bound become one: thousands of excluded values, one box. */
function mergedBoxes(boxes: readonly Box[]): Box[] {
  const alike = new Map<string, { box: Box; last: number; sets: IndexSet[] }>();
  for (const box of boxes) {
    const last = box.findLastIndex((set) => set !== undefined);
    const parts = box.slice(0, Math.max(0, last)).map((set) => (set ? `${set.starts.join()}-${set.ends.join()}` : ""));
    const key = `${last}:${parts.join("/")}`;
    const before = alike.get(key);
    const set = box[last];
    if (!before) alike.set(key, { box, last, sets: set ? [set] : [] });
    else if (set) before.sets.push(set);
  }
  return [...alike.values()].map(({ box, last, sets }) =>
    last === -1 ? box : box.map((set, g) => (g === last ? unionOfIndexes(sets) : set)),
  );
}

/** Cuts a dimension where a box begins or ends, and tells which boxes hold each piece, until `visit` says false. */
function forEachSegment(
  size: number,
  boxes: readonly Box[],
  alive: readonly number[],
  g: number,
  visit: (start: number, active: readonly number[]) => boolean,
): void {
  const bounding = alive.filter((id) => boxes[id]?.[g] !== undefined);
  const [only] = bounding;
  if (only === undefined) visit(0, []);
  else if (bounding.length === 1) forEachSpan(size, boxes[only]?.[g], [only], visit);
  else forEachCut(size, boxes, bounding, g, visit);
}

/** The same for a single box: no sorting, as one set may have a million spans. */
function forEachSpan(
  size: number,
  set: IndexSet | undefined,
  inside: readonly number[],
  visit: (start: number, active: readonly number[]) => boolean,
): void {
  const { starts, ends } = set ?? { starts: [], ends: [] };
  if (starts[0] !== 0 && !visit(0, [])) return;
  for (let i = 0; i < starts.length; i += 1) {
    if (!visit(starts[i] ?? 0, inside)) return;
    const end = ends[i] ?? size;
    if (end < size && !visit(end, [])) return;
  }
}

function forEachCut(
  size: number,
  boxes: readonly Box[],
  bounding: readonly number[],
  g: number,
  visit: (start: number, active: readonly number[]) => boolean,
): void {
  const cuts: { at: number; id: number; enters: boolean }[] = [];
  for (const id of bounding) {
    const set = boxes[id]?.[g];
    for (const at of set?.starts ?? []) cuts.push({ at, id, enters: true });
    for (const at of set?.ends ?? []) cuts.push({ at, id, enters: false });
  }
  cuts.sort((a, b) => a.at - b.at);
  const active = new Set<number>();
  let next = 0;
  for (let start = 0; start < size; start = cuts[next]?.at ?? size) {
    for (let cut = cuts[next]; cut && cut.at === start; cut = cuts[next]) {
      if (cut.enters) active.add(cut.id);
      else active.delete(cut.id);
      next += 1;
    }
    if (!visit(start, [...active])) return;
  }
}
