import { isAlias, isMap, type Node, type YAMLMap } from "yaml";
import type { SbatchOption } from "../../core/slurm.ts";
import { type KeyAndValue, nameOfKey, openYamlDocument, type Refuse, unknownKey } from "../yaml_document.ts";
import { aliasTargets, danglingText, type Targets } from "../yaml_value.ts";
import { readEnv, readResources } from "./slurm_pool.ts";

/** What neuromanager's `config.json` says of a place to run. */
export interface Device {
  /** Here, or through Slurm. */
  support: "local" | "slurm";
  /** Shell text before the command; empty: none. */
  env: string;
  resources: SbatchOption[];
}

/** A `config.json` that may be neuromanager's: many programs have a file of that name. */
export interface ConfigJson {
  /** What it says of `slurm:gpu`, `local:gpu` or `gpu`; null: nothing. Throws a refusal where it says it wrong. */
  deviceOf(name: string): Device | null;
  /** The pools of Slurm's in it. */
  slurmNames(): string[];
}

/**
 * Both of its forms: `{support: {device: {env, resources}}}` and `{name: {env, resources}}`.
 * JSON is read as the YAML that it is: so order and literals stay as written, and mistakes have their place.
 */
export function openConfigJson(path: string, text: string): ConfigJson {
  const { document, contents, refuse } = openYamlDocument(path, text);
  const targets = aliasTargets(document);
  if (isAlias(targets)) throw refuse(targets, danglingText(targets));
  const top = isMap(contents) ? contents : null;

  return {
    deviceOf(name) {
      const [support = "", ...rest] = name.split(":");
      const device = rest.join(":");
      if (device === "") {
        const flat = mapAt(top, name);
        if (!flat || !isDevice(flat)) return null;
        const read = readDevice(flat, targets, refuse);
        return { support: read.resources.length > 0 ? "slurm" : "local", ...read };
      }
      const nested = pairAt(mapAt(top, support), device);
      const isKnown = support === "local" || support === "slurm";
      if (nested && !isKnown) {
        throw refuse(nested.key, `a run goes nowhere by ${JSON.stringify(support)}: there are local and slurm.`);
      }
      const found = nested ? nested.value : isKnown ? flatAt(device) : null;
      if (!isKnown || !found) return null;
      if (!isMap(found)) throw refuse(found, `${device} takes env and resources.`);
      return { support, ...readDevice(found, targets, refuse) };
    },

    slurmNames() {
      const nested = (mapAt(top, "slurm")?.items ?? []) as KeyAndValue[];
      const flat = ((top?.items ?? []) as KeyAndValue[]).filter((pair) => isMap(pair.value) && isDevice(pair.value));
      return [...nested.filter(({ value }) => isMap(value)), ...flat].map((pair) => `slurm:${nameOfKey(pair)}`);
    },
  };

  function flatAt(name: string): YAMLMap | null {
    const found = mapAt(top, name);
    return found && isDevice(found) ? found : null;
  }
}

/** Whether a mapping is neuromanager's, and not just of the same name. */
function isDevice(map: YAMLMap): boolean {
  const names = (map.items as KeyAndValue[]).map(nameOfKey);
  return names.length > 0 && names.every((name) => name === "env" || name === "resources");
}

function readDevice(map: YAMLMap, targets: Targets, refuse: Refuse): Omit<Device, "support"> {
  const wrong = (map.items as KeyAndValue[]).find((pair) => !["env", "resources"].includes(nameOfKey(pair)));
  if (wrong) throw refuse(wrong.key, unknownKey(nameOfKey(wrong), ["env", "resources"]));
  const [env, resources] = [pairAt(map, "env"), pairAt(map, "resources")];
  return {
    env: readEnv(env?.value, env?.key, targets, refuse),
    resources: readResources(resources?.value, resources?.key, targets, refuse),
  };
}

/** The last of that name, as JSON has it. */
function pairAt(map: YAMLMap | null, name: string): KeyAndValue | null {
  return ((map?.items ?? []) as KeyAndValue[]).findLast((pair) => nameOfKey(pair) === name) ?? null;
}

function mapAt(map: YAMLMap | null, name: string): YAMLMap | null {
  const value: Node | null = pairAt(map, name)?.value ?? null;
  return isMap(value) ? value : null;
}
