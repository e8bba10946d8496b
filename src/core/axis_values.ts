import type { AxisValues, ValueSequence } from "./axis.ts";
import { listedValues } from "./listed_values.ts";
import type { ParameterValue } from "./parameter_value.ts";
import { rangeValues } from "./range_values.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";
import { spacedValues } from "./spaced_values.ts";

/** The values of an axis, computed on demand; `name` is for the words of a refusal. */
export function valueSequence(name: string, values: AxisValues): ValueSequence | SpaceRefused {
  const sequence = compute(values);
  if (typeof sequence === "string")
    return refuseSpace({ code: "bad_range", name, text: rangeText(values), why: sequence });
  return sequence.count === 0 ? refuseSpace({ code: "no_values", name }) : sequence;
}

function compute(values: AxisValues): ValueSequence | string {
  switch (values.kind) {
    case "list":
      return listedValues(values.values);
    case "range":
      return rangeValues(values.from, values.to, values.step);
    case "log":
    case "lin":
      return spacedValues(values.kind, values.from, values.to, values.count);
  }
}

function rangeText(values: AxisValues): string {
  switch (values.kind) {
    case "list":
      return "";
    case "range":
      return `${values.from}..${values.to}:${values.step}`;
    case "log":
    case "lin":
      return `${values.kind}:${values.from}..${values.to}:${values.count}`;
  }
}

/** A range that stands beside other values (`1..5,10`) is written out, up to this many values. */
const MAX_WRITTEN_OUT = 100_000;

/** Lists and ranges of one parameter, in this order, as one. A single one stays as it is, however long. */
export function joinedValues(name: string, pieces: readonly AxisValues[]): AxisValues | SpaceRefused {
  const [only, ...others] = pieces;
  if (only && others.length === 0) return only;
  const values: ParameterValue[] = [];
  for (const piece of pieces) {
    const sequence = valueSequence(name, piece);
    if (isSpaceRefused(sequence)) return sequence;
    if (values.length + sequence.count > MAX_WRITTEN_OUT) {
      const why = `a range beside other values may have up to ${MAX_WRITTEN_OUT}`;
      return refuseSpace({ code: "bad_range", name, text: `${sequence.count} values`, why });
    }
    for (let i = 0; i < sequence.count; i += 1) values.push(sequence.at(i));
  }
  return { kind: "list", values };
}

const NUMBER = String.raw`[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?`;
const RANGE = new RegExp(`^(${NUMBER})\\.\\.(${NUMBER})(?::(${NUMBER}))?$`);
const SPACED = new RegExp(`^(log|lin):(${NUMBER})\\.\\.(${NUMBER}):(\\d{1,16})$`);
/** A number, dots and more of a number: nobody means this as a text. */
const NEARLY = /^(?:(?:log|lin):.*\.\.|[+-]?\.?\d[\d.eE+-]*\.\.\.*[+-]?(?:\d|\.\d))/;

/**
 * The range that a text writes: `1..5`, `0.1..0.5:0.1`, `5..1`, `log:1e-5..1e-1:5`, `lin:0..1:5`.
 * null where it writes none (`../data`, `2.0`, `1..x`), a refusal where it nearly does (`1...5`, `1..5:`, `log:1..5`).
 */
export function parseRange(name: string, text: string): AxisValues | SpaceRefused | null {
  if (!text.includes("..")) return null;
  const range = text.includes("...") ? null : RANGE.exec(text);
  const spaced = SPACED.exec(text);
  let values: AxisValues;
  if (range) {
    values = { kind: "range", from: range[1] ?? "", to: range[2] ?? "", step: range[3] ?? "1" };
  } else if (spaced) {
    const kind = spaced[1] === "log" ? "log" : "lin";
    values = { kind, from: spaced[2] ?? "", to: spaced[3] ?? "", count: Number(spaced[4]) };
  } else if (NEARLY.test(text)) {
    const isSpaced = /^l/.test(text);
    const why = isSpaced ? "it does not say from where to where in how many values" : "it only looks like one";
    return refuseSpace({ code: "bad_range", name, text, why });
  } else {
    return null;
  }
  const sequence = valueSequence(name, values);
  return isSpaceRefused(sequence) ? sequence : values;
}
