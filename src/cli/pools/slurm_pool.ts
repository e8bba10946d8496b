import { isMap, isScalar, isSeq } from "yaml";
import type { Login } from "../../core/login.ts";
import { objectionToOption, type SbatchOption } from "../../core/slurm.ts";
import type { Refuse } from "../yaml_document.ts";
import { textOf } from "../yaml_document.ts";
import { isPlain, resolved, type Targets } from "../yaml_value.ts";

/** A pool of Slurm's as a file defines it. */
export interface SlurmPool {
  /** `slurm`, or `slurm:gpu`. */
  name: string;
  /** Where Slurm's commands are; null: on this machine. */
  login: Login | null;
  /** What SLURM_CONF is for them; null: not said. */
  conf: string | null;
  /** For runs' folders, on a file system that the nodes share; null: not said. */
  spool: string | null;
  /** Shell text before the command, without a line's end; empty: none. */
  env: string;
  /** The `#SBATCH` lines of the script, in order. */
  resources: SbatchOption[];
}

/** Options under which a script would not be submitted as one job that goes its way. */
const unfit = new Set(["array", "parsable", "test-only", "wait", "wrap"]);

/** Options of sbatch as a mapping says them, in its order and as written: `{time: 2-00:00:00, exclusive: true}`. Empty or missing: none. */
export function readResources(given: unknown, at: unknown, targets: Targets, refuse: Refuse): SbatchOption[] {
  const node = resolved(given, targets);
  if (isNothing(node)) return [];
  if (!isMap(node)) throw refuse(node ?? at, "resources takes options of sbatch, e.g. resources: {partition: gpu}");
  const options: SbatchOption[] = [];
  for (const { key, value } of node.items) {
    const name = textOf(key) ?? String(key);
    if (options.some(([known]) => known === name)) throw refuse(key, `${name} stands here a second time. Say it once.`);
    if (unfit.has(name))
      throw refuse(key, `${name} cannot stand here: how runs are submitted, Runyard says to sbatch.`);
    const text = optionValue(resolved(value, targets));
    if (text === undefined) throw refuse(value ?? key, `${name} takes one value, or true where it is a switch.`);
    if (text === false) continue;
    const objection = objectionToOption([name, text]);
    if (objection !== null) throw refuse(key, objection);
    options.push([name, text]);
  }
  return options;
}

/** Null: a switch; false: one that is off; undefined: no value of an option. */
export function optionValue(node: unknown): string | null | false | undefined {
  if (node === null) return null;
  if (!isScalar(node)) return undefined;
  if (!isPlain(node)) return String(node.value);
  if (node.value === true || node.value === null) return null;
  return node.value === false ? false : (textOf(node) ?? undefined);
}

/** Shell text, or a list of its lines. Empty or missing: none. */
export function readEnv(given: unknown, at: unknown, targets: Targets, refuse: Refuse): string {
  const node = resolved(given, targets);
  if (isNothing(node)) return "";
  const lines = (isSeq(node) ? node.items : [node]).map((item) => {
    const text = textOf(resolved(item, targets));
    if (text !== null && !text.includes("\0")) return text;
    throw refuse(item ?? at, "env takes text for the shell, or a list of its lines, e.g. env: source activate deep");
  });
  const text = lines.join("\n").replace(/\n+$/, "");
  return text.trim() === "" ? "" : text;
}

/** Whether it stands for nothing: missing, `null`, `""`. */
function isNothing(node: unknown): boolean {
  return node === null || node === undefined || (isScalar(node) && (node.value === null || node.value === ""));
}
