import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { MachineLimits } from "../core/capacity.ts";
import { type Hours, parseHours } from "../core/hours.ts";
import { isLoginHost, isLoginUser } from "../core/login.ts";
import { isMachineName } from "../core/machine.ts";
import { isMisread, type Misread, misread, wholeNumber } from "../core/option_values.ts";
import { objectionToKeyFile } from "../shells/key_file.ts";
import { wrongUsage } from "./stop.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";
import { type KeyAndValue, nameOfKey, openYamlDocument, type Refuse, textOf, unknownKey } from "./yaml_document.ts";

/** A machine behind ssh as a file describes it: ml-scheduler's four keys, and Runyard's own. */
export interface MachineFile {
  name: string;
  username: string;
  /** An address or the name of a host. */
  ip: string;
  port: number;
  /** Absolute. */
  keyPath: string;
  /** The fingerprint that the machine's own key must have, `SHA256:…`; null: not said. */
  hostKey: string | null;
  limits: MachineLimits;
  /** When runs may start there, local time; null: always. */
  hours: Hours | null;
  /** Shell text to run before each command there, e.g. `source activate deep`; null: none. */
  env: string | null;
  /** Where the machine keeps what runs need: absolute, or below `~/`; null: not said. */
  spool: string | null;
}

/** Every key, with what it takes. */
const keys = {
  username: "username: ben",
  ip: "ip: 10.0.0.5",
  port: "port: 22",
  ssh_key_path: "ssh_key_path: ~/.ssh/id_ed25519",
  name: "name: lab1",
  maxRuns: "maxRuns: 4",
  gpus: "gpus: [0, 1]",
  hours: "hours: 20:00-08:00",
  env: "env: source activate deep",
  spool: "spool: /scratch/ben",
  hostKey: "hostKey: SHA256:…",
};

type Key = keyof typeof keys;

/**
 * Reads the machine file that is `named`: as it stands, with `.yaml`, and both below `~/.local/var`.
 * Throws a refusal that says where it looked, or what is wrong at `file:line:column`.
 */
export async function readMachineFile(named: string, home: string): Promise<MachineFile> {
  const path = findMachineFile(named, home);
  const text = await readTextFile(path);
  if (isUnreadable(text)) throw wrongUsage(`${path}: ${text.unreadable}.`);
  return parseMachineFile(path, text, home);
}

function findMachineFile(named: string, home: string): string {
  const path = inHome(named, home);
  const places = path.startsWith("/") ? [path] : [path, `${home}/.local/var/${path}`];
  const candidates = places.flatMap((place) => (place.endsWith(".yaml") ? [place] : [place, `${place}.yaml`]));
  const found = candidates.find((candidate) => kindOf(candidate) === "file");
  if (found !== undefined) return found;
  if (candidates.some((candidate) => kindOf(candidate) === "folder")) {
    throw wrongUsage(`${named}: it is a folder, not a machine file.`);
  }
  throw wrongUsage(`${named}: there is no such machine file. Looked for: ${candidates.join(", ")}`);
}

/** What cannot be looked at is taken for a file: reading it will tell why. */
function kindOf(path: string): "file" | "folder" | null {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return null;
    return found.isDirectory() ? "folder" : "file";
  } catch {
    return "file";
  }
}

/** `path` is told in refusals; without `name`, the machine is called by it. A relative key's path starts in the current folder. */
export function parseMachineFile(path: string, text: string, home: string): MachineFile {
  const { contents, refuse } = openYamlDocument(path, text);
  if (!isMap(contents)) throw refuse(contents, `a machine is a list of keys, e.g. ${keys.username}`);
  const pairs = new Map<string, KeyAndValue>();
  for (const pair of contents.items as KeyAndValue[]) {
    const name = nameOfKey(pair);
    if (!Object.hasOwn(keys, name)) throw refuse(pair.key, unknownKey(name, Object.keys(keys)));
    if (pairs.has(name)) throw refuse(pair.key, `${name} stands here a second time. Say it once.`);
    pairs.set(name, pair);
  }

  function optional<Value>(key: Key, read: (text: string) => Value | Misread): Value | null {
    const pair = pairs.get(key);
    return pair ? readValue(key, pair.value ?? pair.key, read, refuse) : null;
  }

  function needed<Value>(key: Key, read: (text: string) => Value | Misread): Value {
    const value = optional(key, read);
    if (value === null) throw refuse(contents, `the key ${key} is missing. Add it, e.g. ${keys[key]}`);
    return value;
  }

  const username = needed("username", readUser);
  const ip = needed("ip", readHost);
  const port = optional("port", (given) => wholeNumber(given, 1, 65_535)) ?? 22;
  const keyPath = needed("ssh_key_path", (given) => resolve(inHome(given, home)));
  const objection = objectionToKeyFile(keyPath);
  if (objection !== null) throw refuse(pairs.get("ssh_key_path")?.value, `ssh_key_path: ${keyPath}: ${objection}`);
  const gpus = pairs.get("gpus");
  return {
    username,
    ip,
    port,
    keyPath,
    name: optional("name", readName) ?? nameOfFile(path, contents, refuse),
    limits: {
      maxRuns: optional("maxRuns", (given) => wholeNumber(given, 1, 10_000)),
      gpus: gpus ? gpusOf(gpus.value ?? gpus.key, refuse) : null,
    },
    hours: optional("hours", (given) => parseHours(given) ?? misread(`It takes two times of day: ${keys.hours}`)),
    env: optional("env", readShellText),
    spool: optional("spool", readSpool),
    hostKey: optional("hostKey", readFingerprint),
  };
}

function readValue<Value>(key: Key, node: Node, read: (text: string) => Value | Misread, refuse: Refuse): Value {
  const text = isScalar(node) && node.value !== null ? textOf(node) : null;
  if (text === null) throw refuse(node, `${key} takes one value, e.g. ${keys[key]}`);
  const value = read(text);
  if (isMisread(value)) throw refuse(node, `${key}: ${JSON.stringify(text)} will not do. ${value.misread}`);
  return value;
}

function gpusOf(node: Node, refuse: Refuse): string[] {
  if (!isSeq<Node>(node)) throw refuse(node, `gpus takes a list of the GPUs that may be used, e.g. ${keys.gpus}`);
  const gpus: string[] = [];
  for (const item of node.items) {
    const gpu = textOf(item) ?? "";
    if (!/^(0|[1-9]\d{0,2})$/.test(gpu))
      throw refuse(item, `gpus takes numbers as nvidia-smi counts, e.g. ${keys.gpus}`);
    if (gpus.includes(gpu)) throw refuse(item, `GPU ${gpu} stands here a second time.`);
    gpus.push(gpu);
  }
  return gpus;
}

function readUser(text: string): string | Misread {
  return isLoginUser(text)
    ? text
    : misread("It takes the name that you log in with: no spaces, no quotes, no - in front.");
}

function readHost(text: string): string | Misread {
  return isLoginHost(text) ? text : misread("It takes an address or the name of a host, and nothing else.");
}

function readName(text: string): string | Misread {
  return isMachineName(text)
    ? text
    : misread("It takes letters, digits, dots, _ and -, and begins with a letter or digit.");
}

function nameOfFile(path: string, contents: Node, refuse: Refuse): string {
  const name = basename(path).replace(/\.ya?ml$/, "");
  if (isMachineName(name)) return name;
  throw refuse(contents, `the file's name cannot be a machine's name. Add a key, e.g. ${keys.name}`);
}

function readShellText(text: string): string | Misread {
  return text.trim() === "" || text.includes("\0") ? misread(`It takes text for the shell: ${keys.env}`) : text;
}

function readSpool(text: string): string | Misread {
  const isPath = /^(~\/|\/)/.test(text) && !/\p{Cc}/u.test(text);
  return isPath ? text : misread("It takes a folder on the machine, from / or ~/ on.");
}

function readFingerprint(text: string): string | Misread {
  const isFingerprint = /^SHA256:[A-Za-z0-9+/]{43}$/.test(text);
  return isFingerprint
    ? text
    : misread("It takes a fingerprint as ssh-keygen -l prints it: SHA256: and 43 characters.");
}

export function inHome(path: string, home: string): string {
  return path === "~" || path.startsWith("~/") ? home + path.slice(1) : path;
}
