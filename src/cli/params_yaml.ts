import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { type Axis, type AxisValues, isParameterName } from "../core/axis.ts";
import { parseRange } from "../core/axis_values.ts";
import type { ParameterValue } from "../core/parameter_value.ts";
import { isSpaceRefused, type SpaceProblem } from "../core/space_problem.ts";
import { isParamsRefused, type ParamsRefused, type Place, refuseParams } from "./params_problem.ts";
import { yamlMistake } from "./yaml_document.ts";
import {
  aliasTargets,
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
 * scalar that writes a range (`seed: 1..5`) is one.
 */
export function parseYamlParams(text: string): Axis[] | ParamsRefused {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, merge: false });
  const placeAt = (offset: number): Place => {
    const { line, col } = lineCounter.linePos(offset);
    return { line, column: col };
  };
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) return refuseParams({ code: "syntax", place: placeAt(wrong.pos[0]), detail: yamlMistake(wrong) });
  return axesOf(document, placeAt);
}

function axesOf(document: Document, placeAt: (offset: number) => Place): Axis[] | ParamsRefused {
  const { contents } = document;
  const placeOf = (node: unknown): Place => placeAt(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  if (contents === null || (isScalar(contents) && contents.value === null)) return refuseParams({ code: "empty" });
  if (!isMap(contents)) {
    const found = isSeq(contents) ? "a list" : "a single value";
    return refuseParams({ code: "not_a_mapping", place: placeOf(contents), found });
  }
  const targets = aliasTargets(document);
  if (isAlias(targets)) {
    const detail = `*${targets.source} stands for nothing: no &${targets.source} comes before it.`;
    return refuseParams({ code: "syntax", place: placeOf(targets), detail });
  }
  const duplicate = duplicateKey(contents);
  if (duplicate) return refuseParams({ code: "duplicate_key", place: placeOf(duplicate), key: sourceOf(duplicate) });

  const axes: Axis[] = [];
  for (const { key, value } of contents.items) {
    const name = isScalar(key) ? sourceOf(key) : String(key);
    const refuse = (problem: SpaceProblem) => refuseParams({ code: "parameter", place: placeOf(key), problem });
    if (!isParameterName(name)) return refuse({ code: "bad_name", name });
    const node = resolved(value, targets);
    const values = isSeq(node)
      ? listOf(name, node.items, targets, placeOf)
      : constantOf(name, node, targets, placeOf, key);
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
  const values: ParameterValue[] = [];
  for (const item of items) {
    const value = valueOfNode(resolved(item, targets), targets);
    if (isMisfit(value)) return misfit(value, name, placeOf, item);
    values.push(value);
  }
  return { kind: "list", values };
}

function constantOf(
  name: string,
  node: unknown,
  targets: Targets,
  placeOf: (node: unknown) => Place,
  key: unknown,
): AxisValues | ParamsRefused {
  if (isScalar(node) && isPlain(node)) {
    const range = parseRange(name, sourceOf(node));
    if (isSpaceRefused(range)) return refuseParams({ code: "parameter", place: placeOf(key), problem: range.problem });
    if (range) return range;
  }
  const value = valueOfNode(node, targets);
  return isMisfit(value) ? misfit(value, name, placeOf, key) : { kind: "list", values: [value] };
}

function misfit(value: Misfit, name: string, placeOf: (node: unknown) => Place, node: unknown): ParamsRefused {
  if (typeof value === "object") {
    return refuseParams({ code: "duplicate_key", place: placeOf(value.duplicate), key: sourceOf(value.duplicate) });
  }
  return refuseParams({ code: value, place: placeOf(node), name });
}
