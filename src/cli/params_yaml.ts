import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type YAMLError, type YAMLMap } from "yaml";
import { type Axis, type AxisValues, isParameterName } from "../core/axis.ts";
import { joinedValues, parseRange } from "../core/axis_values.ts";
import type { ParameterValue } from "../core/parameter_value.ts";
import { isSpaceRefused, type SpaceProblem, type SpaceRefused } from "../core/space_problem.ts";
import { isParamsRefused, type ParamsRefused, type Place, refuseParams } from "./params_problem.ts";
import {
  aliasTargets,
  danglingText,
  duplicateKey,
  isMisfit,
  isNode,
  isPlain,
  type Misfit,
  resolved,
  sourceOf,
  type Targets,
  valueOfNode,
} from "./yaml_value.ts";

/**
 * Parameters from YAML: plain scalars as written (`0.10`, `True`, `0x10` stay so), quoted ones as text; a plain
 * scalar that writes a range (`seed: 1..5`, `seed: [1..3, 10]`) is one.
 */
export function parseYamlParams(text: string): Axis[] | ParamsRefused {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, merge: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const placeOf = (node: unknown): Place => placeAt(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) return refuseParams({ code: "syntax", place: placeAt(wrong.pos[0]), detail: sentence(wrong) });
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return refuseParams({ code: "empty" });
  if (!isMap(contents)) {
    const found = isSeq(contents) ? "a list" : "a single value";
    return refuseParams({ code: "not_a_mapping", place: placeOf(contents), found });
  }
  const targets = aliasTargets(document);
  if (isAlias(targets)) return refuseParams({ code: "syntax", place: placeOf(targets), detail: danglingText(targets) });
  return axesIn(contents, targets, placeOf);
}

/** The parameters that a mapping names: that of a whole file, or the one under `params` of a job file. */
export function axesIn(map: YAMLMap, targets: Targets, placeOf: (node: unknown) => Place): Axis[] | ParamsRefused {
  const duplicate = duplicateKey(map);
  if (duplicate) return refuseParams({ code: "duplicate_key", place: placeOf(duplicate), key: sourceOf(duplicate) });
  const axes: Axis[] = [];
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? sourceOf(key) : String(key);
    const refuse = (problem: SpaceProblem) => refuseParams({ code: "parameter", place: placeOf(key), problem });
    if (!isParameterName(name)) return refuse({ code: "bad_name", name });
    const node = resolved(value, targets);
    const values = isSeq(node)
      ? listOf(name, node.items, targets, placeOf)
      : valuesOf(name, value, targets, placeOf, key);
    if (isParamsRefused(values)) return values;
    if (values.kind === "list" && values.values.length === 0) return refuse({ code: "no_values", name });
    if (values.kind === "list" && values.values.some((one) => one.text.includes("\0"))) {
      return refuse({ code: "nul_in_value", name });
    }
    axes.push({ name, values });
  }
  return axes.length > 0 ? axes : refuseParams({ code: "empty" });
}

function listOf(
  name: string,
  items: readonly unknown[],
  targets: Targets,
  placeOf: (node: unknown) => Place,
): AxisValues | ParamsRefused {
  const pieces: AxisValues[] = [];
  let written: ParameterValue[] = [];
  for (const item of items) {
    const values = valuesOf(name, item, targets, placeOf, item);
    if (isParamsRefused(values)) return values;
    if (values.kind === "list") {
      if (written.length === 0) pieces.push({ kind: "list", values: written });
      written.push(...values.values);
    } else {
      pieces.push(values);
      written = [];
    }
  }
  if (pieces.length === 0) return { kind: "list", values: [] };
  const values = joinedValues(name, pieces);
  return isSpaceRefused(values) ? refusedAt(placeOf(items[0]), values) : values;
}

/** What one node writes: a range, or a value. @param at  where a mistake in it is told */
function valuesOf(
  name: string,
  node: unknown,
  targets: Targets,
  placeOf: (node: unknown) => Place,
  at: unknown,
): AxisValues | ParamsRefused {
  const target = resolved(node, targets);
  if (isScalar(target) && isPlain(target) && target.tag === undefined) {
    const range = parseRange(name, sourceOf(target));
    if (isSpaceRefused(range)) return refusedAt(placeOf(at), range);
    if (range) return range;
  }
  const value = valueOfNode(target, targets);
  return isMisfit(value) ? misfit(value, name, placeOf, at) : { kind: "list", values: [value] };
}

function refusedAt(place: Place, { problem }: SpaceRefused): ParamsRefused {
  return refuseParams({ code: "parameter", place, problem });
}

function misfit(value: Misfit, name: string, placeOf: (node: unknown) => Place, node: unknown): ParamsRefused {
  if (typeof value === "object") {
    return refuseParams({ code: "duplicate_key", place: placeOf(value.duplicate), key: sourceOf(value.duplicate) });
  }
  return refuseParams({ code: value, place: placeOf(node), name });
}

function sentence({ code, message }: YAMLError): string {
  if (code === "MULTIPLE_DOCS") return "a second document begins here. Keep all parameters in one.";
  const line = message.split("\n")[0] ?? message;
  return `this is not valid YAML: ${line.replace(/\.$/, "")}.`;
}
