import { resolve } from "node:path";
import { isAlias, isMap, isScalar, type Node, type YAMLMap } from "yaml";
import { type Login, objectionToLogin, parseDestination } from "../../core/login.ts";
import { isMisread, type Misread, misread, wholeNumber } from "../../core/option_values.ts";
import { isPoolName } from "../../core/pool.ts";
import { inHome } from "../machine_file.ts";
import { type KeyAndValue, nameOfKey, openYamlDocument, type Refuse, textOf, unknownKey } from "../yaml_document.ts";
import { aliasTargets, danglingText, resolved, type Targets } from "../yaml_value.ts";
import { type GovernedPool, readGovernedPool } from "./governed_pool.ts";
import { readEnv, readResources, type SlurmPool } from "./slurm_pool.ts";

/** What a `runyard.yaml` says of pools. */
export interface PoolsFile {
  slurm: SlurmPool[];
  /** Of others how they share out what they have; only in the user's own file. */
  governed: GovernedPool[];
}

/** Every key of a pool, with what it takes. */
const keys = {
  login: "login: ada@cluster.example.org",
  port: "port: 22",
  identity: "identity: ~/.ssh/id_ed25519",
  "host-key": "host-key: SHA256:…",
  conf: "conf: /etc/slurm/slurm.conf",
  spool: "spool: /scratch/ada/runyard",
  env: "env: source activate deep",
  resources: "resources: {partition: gpu}",
};

type Key = keyof typeof keys;

/** What may stand beside `pools`: in the user's own file nothing, in a project's what the reader of jobs' defaults allows. */
export type Beside = "nothing" | "defaults";

/**
 * The pools that a `runyard.yaml` defines: `slurm:gpu: {…}`, or below `slurm:` by the second part of their names; and how
 * others share out what they have: `local: {policy: las}`. Throws a refusal with what is wrong at `path:line:column`.
 */
export function parsePoolsFile(path: string, text: string, beside: Beside, home: string): PoolsFile {
  const { document, contents, refuse } = openYamlDocument(path, text);
  if (contents === null) return { slurm: [], governed: [] };
  const targets = aliasTargets(document);
  if (isAlias(targets)) throw refuse(targets, danglingText(targets));
  if (!isMap(contents)) throw refuse(contents, "it is a list of keys, e.g. pools: {slurm: {resources: {time: 60}}}");
  const pairs = contents.items as KeyAndValue[];
  const other = pairs.find((pair) => nameOfKey(pair) !== "pools");
  if (other && beside === "nothing") throw refuse(other.key, unknownKey(nameOfKey(other), ["pools"]));
  const [found, second] = pairs.filter((pair) => nameOfKey(pair) === "pools");
  if (second) throw refuse(second.key, "pools stands here a second time. Say it once.");
  if (!found) return { slurm: [], governed: [] };
  const pools = resolved(found.value, targets);
  if (!isMap(pools)) throw refuse(pools ?? found.key, "pools is a mapping of names, e.g. slurm:gpu: {resources: {…}}");
  return readPools(pools, { targets, refuse, home, mayGovern: beside === "nothing" });
}

interface Reading {
  targets: Targets;
  refuse: Refuse;
  home: string;
  mayGovern: boolean;
}

function readPools(map: YAMLMap, reading: Reading): PoolsFile {
  const { targets, refuse, mayGovern } = reading;
  const pools: PoolsFile = { slurm: [], governed: [] };
  const names = new Set<string>();

  function add(name: string, key: unknown, value: unknown): void {
    const isSlurms = /^slurm(:[\p{L}\p{N}][\p{L}\p{N}._-]{0,63})?$/u.test(name);
    const isKnownKind = isSlurms || (mayGovern && isPoolName(name) && !name.startsWith("slurm:"));
    if (!isKnownKind) {
      throw refuse(
        key,
        `${JSON.stringify(name)} is not the name of a pool of Slurm's. Call it slurm, or e.g. slurm:gpu.`,
      );
    }
    if (names.has(name)) throw refuse(key, `${name} stands here a second time. Say it once.`);
    names.add(name);
    const node = resolved(value, targets);
    if (!isMap(node))
      throw refuse(node ?? key, `${name} takes keys, e.g. ${isSlurms ? keys.resources : "policy: las"}`);
    if (isSlurms) pools.slurm.push(poolOf(name, node, reading));
    else pools.governed.push(readGovernedPool(name, node, targets, refuse));
  }

  for (const { key, value } of map.items as KeyAndValue[]) {
    const name = textOf(key) ?? String(key);
    const node = resolved(value, targets);
    if (name === "slurm" && isMap(node) && isNest(node, targets)) {
      for (const inner of node.items as KeyAndValue[]) add(`slurm:${nameOfKey(inner)}`, inner.key, inner.value);
    } else add(name, key, value);
  }
  return pools;
}

/** Whether it holds pools by their names, instead of being one. */
function isNest(map: YAMLMap, targets: Targets): boolean {
  const pairs = map.items as KeyAndValue[];
  const named = pairs.every((pair) => !Object.hasOwn(keys, nameOfKey(pair)) && isMap(resolved(pair.value, targets)));
  return named && pairs.length > 0;
}

function poolOf(name: string, map: YAMLMap, { targets, refuse, home }: Reading): SlurmPool {
  const pairs = new Map<string, KeyAndValue>();
  for (const pair of map.items as KeyAndValue[]) {
    const key = nameOfKey(pair);
    if (key === "policy")
      throw refuse(pair.key, "policy: Slurm itself orders what waits there. Say it of a pool of other machines.");
    if (!Object.hasOwn(keys, key)) throw refuse(pair.key, unknownKey(key, Object.keys(keys)));
    if (pairs.has(key)) throw refuse(pair.key, `${key} stands here a second time. Say it once.`);
    pairs.set(key, pair);
  }

  function optional<Value>(key: Key, read: (text: string) => Value | Misread): Value | null {
    const pair = pairs.get(key);
    if (!pair) return null;
    const node = resolved(pair.value, targets);
    const text = isScalar(node) && node.value !== null ? textOf(node) : null;
    if (text === null) throw refuse(node ?? pair.key, `${key} takes one value, e.g. ${keys[key]}`);
    const value = read(text);
    if (isMisread(value)) throw refuse(node, `${key}: ${JSON.stringify(text)} will not do. ${value.misread}`);
    return value;
  }

  function loginOf(): Login | null {
    const destination = optional("login", (text) => text);
    const [port, key, hostKey] = [
      optional("port", (text) => wholeNumber(text, 1, 65_535)),
      optional("identity", (text) => resolve(inHome(text, home))),
      optional("host-key", (text) => text),
    ];
    const loose = (["port", "identity", "host-key"] as const).find((one) => pairs.has(one));
    if (destination === null && loose)
      throw refuse(pairs.get(loose)?.key, `${loose} belongs to a login. Add ${keys.login}`);
    if (destination === null) return null;
    const login = { ...parseDestination(destination), port, key, hostKey };
    const objection = objectionToLogin(login);
    const at = { host: "login", user: "login", port: "port", key: "identity", hostKey: "host-key" } as const;
    if (objection) throw refuse(nodeOf(pairs.get(at[objection.at])), objection.text);
    return login;
  }

  const login = loginOf();
  return {
    name,
    login,
    conf: optional("conf", (text) => readConf(login ? text : inHome(text, home))),
    spool: optional("spool", readSpool),
    env: readEnv(pairs.get("env")?.value, pairs.get("env")?.key, targets, refuse),
    resources: readResources(pairs.get("resources")?.value, pairs.get("resources")?.key, targets, refuse),
  };
}

function nodeOf(pair: KeyAndValue | undefined): Node | undefined {
  return pair?.value ?? pair?.key;
}

function readConf(path: string): string | Misread {
  return path.startsWith("/") && !/\p{Cc}/u.test(path) ? path : misread(`It takes a whole path, e.g. ${keys.conf}`);
}

function readSpool(path: string): string | Misread {
  return /^(~\/|\/)/.test(path) && !/\p{Cc}/u.test(path) ? path : misread("It takes a folder, from / or ~/ on.");
}
