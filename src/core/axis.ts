import type { ParameterValue } from "./parameter_value.ts";

/**
 * The values of one parameter, as plain JSON. Ranges stay as written and are computed:
 * `range` goes from `from` towards `to` in steps of `step` (its sign does not matter), never beyond `to`;
 * `log` and `lin` are `count` values evenly spaced (geometrically, linearly), both ends included.
 */
export type AxisValues =
  | { kind: "list"; values: ParameterValue[] }
  | { kind: "range"; from: string; to: string; step: string }
  | { kind: "log"; from: string; to: string; count: number }
  | { kind: "lin"; from: string; to: string; count: number };

/** One parameter and the values it takes. */
export interface Axis {
  name: string;
  values: AxisValues;
}

/** A range in exact arithmetic: value i is `(first + i × step) / 10^scale`. */
export interface Progression {
  first: bigint;
  step: bigint;
  scale: number;
}

/** The values of an axis by their number, counted from 0. */
export interface ValueSequence {
  count: number;
  at(index: number): ParameterValue;
  /** Where a value stands: the same text, or where none is written so, equal numbers. Empty: nowhere. */
  indexesOf(text: string): readonly number[];
  /** Whether the values are computed numbers, no two of them equal; listed ones may hold both `0.1` and `0.10`. */
  computed: boolean;
  /** Set for ranges, so that two of them are compared without going through their values. */
  progression: Progression | null;
}

/** Names that can stand in `--name=value`, `{name}` and RUNYARD_PARAMS alike. */
export function isParameterName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name);
}

export function sameAxisValues(a: AxisValues, b: AxisValues): boolean {
  if (a === b) return true;
  if (a.kind === "list" && b.kind === "list") {
    return a.values.length === b.values.length && a.values.every((value, i) => value.text === b.values[i]?.text);
  }
  return a.kind !== "list" && JSON.stringify(a) === JSON.stringify(b);
}
