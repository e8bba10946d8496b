import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { type ParameterValue, parameterValue, textValue } from "../core/parameter_value.ts";

const MAX_DEPTH = 100;
/** Aliases within aliases can name more than a machine holds; a command line carries 128 KiB in one word. */
const MAX_VALUE_LENGTH = 1_000_000;

/** Why a node is no value of a parameter. */
export type Misfit = "no_value" | "too_large" | { duplicate: Scalar };

export function isMisfit(value: ParameterValue | Misfit): value is Misfit {
  return typeof value === "string" || "duplicate" in value;
}

/** The value that a node of a YAML file writes, aliases followed; lists and mappings are one line of JSON. */
export function valueOfNode(node: unknown, targets: Targets): ParameterValue | Misfit {
  if (isScalar(node)) return isPlain(node) && node.source === "" ? "no_value" : scalarValue(node);
  if (!isNode(node)) return "no_value";
  const budget = { left: MAX_VALUE_LENGTH };
  const json = compactJson(node, targets, budget, 0);
  if (json === null) return "too_large";
  return typeof json === "string" ? { text: json, json } : json;
}

function scalarValue(scalar: Scalar): ParameterValue {
  if (!isPlain(scalar) && scalar.tag === undefined) return textValue(String(scalar.value));
  return scalar.tag === "tag:yaml.org,2002:str" ? textValue(sourceOf(scalar)) : parameterValue(sourceOf(scalar));
}

/** One line of JSON with every literal as written; null where it would be too long or too deep. */
function compactJson(
  value: unknown,
  targets: Targets,
  budget: { left: number },
  depth: number,
): string | { duplicate: Scalar } | null {
  const node = resolved(value, targets);
  if (depth > MAX_DEPTH || budget.left < 0) return null;
  if (isScalar(node)) {
    const json = isPlain(node) && node.source === "" ? "null" : scalarValue(node).json;
    budget.left -= json.length + 1;
    return json;
  }
  const parts: string[] = [];
  function add(key: string, item: unknown): string | { duplicate: Scalar } | null {
    const json = compactJson(item, targets, budget, depth + 1);
    if (typeof json === "string") parts.push(key + json);
    budget.left -= key.length + 2;
    return json;
  }
  if (isSeq(node)) {
    for (const item of node.items) {
      const json = add("", item);
      if (typeof json !== "string") return json;
    }
    return `[${parts.join()}]`;
  }
  if (!isMap(node)) return "null";
  const duplicate = duplicateKey(node);
  if (duplicate) return { duplicate };
  for (const { key, value: item } of node.items) {
    const json = add(`${JSON.stringify(isScalar(key) ? sourceOf(key) : String(key))}:`, item);
    if (typeof json !== "string") return json;
  }
  return `{${parts.join()}}`;
}

export function duplicateKey(map: YAMLMap): Scalar | null {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(sourceOf(key))) return key;
    seen.add(sourceOf(key));
  }
  return null;
}

export function isNode(value: unknown): value is Node {
  return isScalar(value) || isMap(value) || isSeq(value) || isAlias(value);
}

export function resolved(node: unknown, targets: Targets): unknown {
  return isAlias(node) ? targets.get(node) : node;
}

/** What each alias stands for: the last node before it with that anchor. (`alias.resolve` reads the whole file each time.) */
export type Targets = Map<Alias, Node>;

export function aliasTargets(document: Document): Targets | Alias {
  const anchors = new Map<string, Node>();
  let dangling: Alias | undefined;
  const targets: Targets = new Map();
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor !== undefined) anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (target) targets.set(node, target);
      else dangling ??= node;
    },
  });
  return dangling ?? targets;
}

export function danglingText({ source }: Alias): string {
  return `*${source} stands for nothing: no &${source} comes before it.`;
}

export function isPlain(scalar: Scalar): boolean {
  return scalar.type === Scalar.PLAIN;
}

export function sourceOf(scalar: Scalar): string {
  return scalar.source ?? String(scalar.value);
}
