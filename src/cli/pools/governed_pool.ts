import { isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import type { PoolRules } from "../../core/policies/rules.ts";
import { policyFrom, type RuleOptions, rulesFrom } from "../policy_options.ts";
import { isStoppedCommand } from "../stop.ts";
import { type KeyAndValue, nameOfKey, type Refuse, textOf, unknownKey } from "../yaml_document.ts";
import { resolved, type Targets } from "../yaml_value.ts";

/** How a pool that the yard knows is to share out what it has, as its user's file says. */
export interface GovernedPool {
  name: string;
  /** Undefined: not said. */
  policy: string | undefined;
  /** What is not in it was not said. */
  rules: PoolRules;
}

interface Key {
  option: keyof RuleOptions | "policy";
  /** `users`: a value for each user, or one for all where that is no mapping; `switch`: true or false. */
  takes: "text" | "list" | "users" | "switch";
  example: string;
}

/** Every key of such a pool: as the options of `pools set` are called. */
const keys: Record<string, Key> = {
  policy: { option: "policy", takes: "text", example: "policy: las" },
  "min-quantum": { option: "minQuantum", takes: "text", example: "min-quantum: 10m" },
  "preempt-cost": { option: "preemptCost", takes: "text", example: "preempt-cost: 2m" },
  ageing: { option: "ageing", takes: "text", example: "ageing: 30s" },
  "las-limits": { option: "lasLimits", takes: "list", example: "las-limits: [3250, 7200]" },
  starvation: { option: "starvation", takes: "text", example: "starvation: 4" },
  weight: { option: "weight", takes: "users", example: "weight: {ada: 2}" },
  "most-gpus": { option: "mostGpus", takes: "users", example: "most-gpus: 4" },
  quota: { option: "quota", takes: "users", example: "quota: {ada: 500}" },
  "gives-back": { option: "givesBack", takes: "switch", example: "gives-back: false" },
};

/** Reads `{policy: las, min-quantum: 10m, weight: {ada: 2}}`. Throws a refusal with the place of what is wrong. */
export function readGovernedPool(name: string, map: YAMLMap, targets: Targets, refuse: Refuse): GovernedPool {
  const governed: GovernedPool = { name, policy: undefined, rules: {} };
  const seen = new Set<string>();
  for (const pair of map.items as KeyAndValue[]) {
    const written = nameOfKey(pair);
    const key = Object.hasOwn(keys, written) ? keys[written] : undefined;
    if (!key) throw refuse(pair.key, unknownKey(written, Object.keys(keys)));
    if (seen.has(written)) throw refuse(pair.key, `${written} stands here a second time. Say it once.`);
    seen.add(written);
    const node = resolved(pair.value, targets);
    const value = asOptionTakesIt(node, key.takes, targets);
    if (value === null) throw refuse(node ?? pair.key, `${written} takes another value, e.g. ${key.example}`);
    try {
      if (key.option === "policy") governed.policy = policyFrom("--policy", String(value));
      else Object.assign(governed.rules, rulesFrom({ [key.option]: value }));
    } catch (error) {
      if (!isStoppedCommand(error)) throw error;
      throw refuse(node ?? pair.key, error.message.replace(/^--/, ""));
    }
  }
  return governed;
}

/** As the option of that kind has it; null: it is none. */
function asOptionTakesIt(node: unknown, takes: Key["takes"], targets: Targets): string | string[] | boolean | null {
  if (takes === "switch") return isScalar(node) && typeof node.value === "boolean" ? node.value : null;
  if (takes === "list" && isSeq(node)) {
    const texts = node.items.map((item) => textOf(resolved(item, targets)));
    return texts.includes(null) ? null : texts.join();
  }
  if (takes === "users" && isMap(node)) {
    const pairs = node.items as KeyAndValue[];
    const texts = pairs.map((pair) => [nameOfKey(pair), textOf(resolved(pair.value, targets))] as const);
    return texts.some(([, text]) => text === null) ? null : texts.map(([user, text]) => `${user}=${text}`);
  }
  const text = isScalar(node) && node.value !== null ? textOf(node) : null;
  return text !== null && takes === "users" ? [text] : text;
}
