import { type Axis, isParameterName, sameAxisValues, type ValueSequence } from "./axis.ts";
import { valueSequence } from "./axis_values.ts";
import { isJson, type ParameterValue, sameValue } from "./parameter_value.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";

/** The parameters of a space: each is one dimension, or shares one with those it is zipped with. */
export interface Grid {
  axes: readonly Axis[];
  names: readonly string[];
  /** By parameter. */
  sequences: readonly ValueSequence[];
  /** The parameters of each dimension; the dimensions stand in the order of their first parameter. */
  groups: readonly (readonly number[])[];
  /** How many values each dimension has. */
  sizes: readonly number[];
}

/** `alike` are grids whose values were computed before: what is the same there is neither computed nor checked again. */
export function gridOf(
  axes: readonly Axis[],
  zip: readonly (readonly string[])[],
  alike: readonly Grid[] = [],
): Grid | SpaceRefused {
  const names = axes.map((axis) => axis.name);
  for (const [i, name] of names.entries()) {
    if (!isParameterName(name)) return refuseSpace({ code: "bad_name", name });
    if (names.indexOf(name) !== i) return refuseSpace({ code: "duplicate_name", name });
  }
  const sequences: ValueSequence[] = [];
  for (const axis of axes) {
    const sequence = sameSequence(axis, alike) ?? valueSequence(axis.name, axis.values);
    if (isSpaceRefused(sequence)) return sequence;
    sequences.push(sequence);
  }
  const groups = groupsOf(names, zip);
  if (isSpaceRefused(groups)) return groups;

  const sizes: number[] = [];
  for (const group of groups) {
    const lengths = group.map((a) => ({ name: names[a] ?? "", count: sequences[a]?.count ?? 0 }));
    const count = lengths[0]?.count ?? 0;
    if (lengths.some((one) => one.count !== count)) return refuseSpace({ code: "zip_lengths", lengths });
    sizes.push(count);
  }
  if (sizes.reduce((product, size) => product * size, 1) > Number.MAX_SAFE_INTEGER) {
    return refuseSpace({ code: "too_many_combinations" });
  }
  const grid = { axes, names, sequences, groups, sizes };
  const fresh = axes.filter((axis) => sameSequence(axis, alike) === undefined);
  return refuseListedValues(fresh) ?? refuseRepeats(grid, new Set(fresh)) ?? grid;
}

function sameSequence(axis: Axis, grids: readonly Grid[]): ValueSequence | undefined {
  for (const grid of grids) {
    const a = grid.names.indexOf(axis.name);
    const other = grid.axes[a];
    if (other && sameAxisValues(axis.values, other.values)) return grid.sequences[a];
  }
  return undefined;
}

function groupsOf(names: readonly string[], zip: readonly (readonly string[])[]): number[][] | SpaceRefused {
  const groupOf = new Map<number, number[]>();
  for (const zipped of zip) {
    if (zipped.length < 2) return refuseSpace({ code: "bad_zip", text: zipped.join() });
    const group: number[] = [];
    for (const name of zipped) {
      const a = names.indexOf(name);
      if (a === -1) return refuseSpace({ code: "zip_unknown_name", name, known: [...names] });
      if (groupOf.has(a)) return refuseSpace({ code: "zip_twice", name });
      groupOf.set(a, group);
      group.push(a);
    }
    group.sort((a, b) => a - b);
  }
  const groups = names.map((_, a) => groupOf.get(a) ?? [a]);
  return groups.filter((group, a) => group[0] === a);
}

function refuseListedValues(axes: readonly Axis[]): SpaceRefused | null {
  for (const { name, values } of axes) {
    for (const { text, json } of values.kind === "list" ? values.values : []) {
      if (text.includes("\0")) return refuseSpace({ code: "nul_in_value", name });
      if (!isJson(json)) return refuseSpace({ code: "bad_json", name, json });
    }
  }
  return null;
}

function refuseRepeats(grid: Grid, fresh: ReadonlySet<Axis>): SpaceRefused | null {
  for (const [g, group] of grid.groups.entries()) {
    const axes = group.flatMap((a) => grid.axes[a] ?? []);
    if (!axes.some((axis) => fresh.has(axis))) continue;
    // Computed values differ from each other, so what is zipped with them does too.
    const lists = axes.flatMap(({ values }) => (values.kind === "list" ? [values.values] : []));
    if (lists.length < group.length) continue;
    const seen = new Set<string>();
    const [first] = lists;
    for (let i = 0; i < (grid.sizes[g] ?? 0); i += 1) {
      const texts = () => lists.map((list) => list[i]?.text ?? "");
      const key = lists.length === 1 ? (first?.[i]?.text ?? "") : JSON.stringify(texts());
      if (seen.has(key)) {
        return refuseSpace({
          code: "duplicate_value",
          names: axes.map((axis) => axis.name),
          value: texts().join(", "),
        });
      }
      seen.add(key);
    }
  }
  return null;
}

/** The values that parameters have at a point of the grid, in the order in which the parameters were given. */
export function valuesAt(grid: Grid, point: Float64Array): [string, ParameterValue][] {
  const values: [string, ParameterValue][] = new Array(grid.names.length);
  for (const [g, group] of grid.groups.entries()) {
    for (const a of group) {
      const sequence = grid.sequences[a];
      if (sequence) values[a] = [grid.names[a] ?? "", sequence.at(point[g] ?? 0)];
    }
  }
  return values;
}

/** Where in a dimension its parameters have these values (one text each); -1: nowhere. */
export function indexInGroup(grid: Grid, g: number, texts: readonly string[]): number {
  const group = grid.groups[g] ?? [];
  const sequences = group.map((a) => grid.sequences[a]);
  // A computed sequence has a value in one place at most; what is listed may stand in many places.
  const lead = Math.max(
    0,
    sequences.findIndex((sequence) => sequence?.computed),
  );
  const places = sequences[lead]?.indexesOf(texts[lead] ?? "") ?? [];
  if (group.length === 1) return places[0] ?? -1;
  const fits = (same: (a: string, b: string) => boolean) =>
    places.find((i) => sequences.every((sequence, n) => same(sequence?.at(i).text ?? "", texts[n] ?? "")));
  return fits((a, b) => a === b) ?? fits(sameValue) ?? -1;
}
