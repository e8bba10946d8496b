import { isAlias, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import type { Command } from "../core/command.ts";
import { type JobOption, type JobOptions, jobOptions, mergeOptions } from "../core/job_options.ts";
import { isMisread } from "../core/option_values.ts";
import { describeParamsProblem, isParamsRefused } from "./params_problem.ts";
import { axesIn } from "./params_yaml.ts";
import { optionValue } from "./pools/slurm_pool.ts";
import { wrongUsage } from "./stop.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";
import { openYamlDocument, type Refuse, textOf, unknownKey } from "./yaml_document.ts";
import { aliasTargets, danglingText, duplicateKey, resolved, type Targets } from "./yaml_value.ts";

/** A job as a file describes it. */
export interface JobFile {
  command: Command | null;
  options: Partial<JobOptions>;
}

/** `command`, and every option of `run` under its name, `-` or `_` in it. `which`: the keys that may stand here. */
export async function readJobFile(path: string, which: "job" | "defaults"): Promise<JobFile> {
  const text = await readTextFile(path);
  if (isUnreadable(text)) throw wrongUsage(`${path}: ${text.unreadable}.`);
  return parseJobFile(path, text, which);
}

export function parseJobFile(path: string, text: string, which: "job" | "defaults"): JobFile {
  const { document, contents, placeOf, refuse } = openYamlDocument(path, text);
  if (contents === null && which === "defaults") return { command: null, options: {} };
  if (!isMap(contents)) throw refuse(contents, "a job is a list of keys, e.g. command: python3 train.py");
  const targets = aliasTargets(document);
  if (isAlias(targets)) throw refuse(targets, danglingText(targets));

  const allowed = jobOptions.filter((option) => which === "job" || option.isDefault);
  const known = [...(which === "job" ? ["command"] : []), ...allowed.map(({ flag }) => flag)];
  const seen = new Set<string>();
  let command: Command | null = null;
  let options: Partial<JobOptions> = {};
  for (const { key, value: written } of contents.items) {
    const name = isScalar(key) ? String(key.value) : String(key);
    const flag = canonical(name);
    // Pools are read, and trusted, apart from this.
    if (flag === "pools" && which === "defaults") continue;
    if (!known.includes(flag)) {
      throw refuse(key, unknownKey(name, known));
    }
    if (seen.has(flag)) throw refuse(key, `${flag} stands here a second time. Say it once.`);
    seen.add(flag);
    const value = resolved(written, targets);
    const option = allowed.find((one) => one.flag === flag);
    if (flag === "params" && isMap(value)) {
      const axes = axesIn(value, targets, placeOf);
      if (isParamsRefused(axes)) throw wrongUsage(describeParamsProblem(path, axes.problem));
      options = mergeOptions(options, { axes });
    } else if (option) options = mergeOptions(options, optionOf(option, { key, value }, targets, refuse));
    else command = commandOf(value ?? key, targets, refuse);
  }
  return { command, options };
}

/** `time_limit` and `tags` are read as `time-limit` and `tag`. */
function canonical(name: string): string {
  const flag = name.replaceAll("_", "-");
  return flag === "tags" ? "tag" : flag;
}

/** A list is a program with its arguments, a text goes to the shell. */
function commandOf(node: unknown, targets: Targets, refuse: Refuse): Command {
  if (isSeq(node) && node.items.length > 0) {
    const argv = node.items.map((item) => textOf(resolved(item, targets)) ?? refuseWord(item));
    return { kind: "argv", argv };
  }
  const text = textOf(node) ?? "";
  if (text.trim() === "") throw refuse(node, "command must be a text for the shell, or a list of words.");
  return { kind: "shell", text };

  function refuseWord(item: unknown): never {
    throw refuse(item, "each word of the command must be a text.");
  }
}

function optionOf(
  option: JobOption,
  { key, value }: { key: unknown; value: unknown },
  targets: Targets,
  refuse: Refuse,
): Partial<JobOptions> {
  if (option.takes === null) {
    const wanted = isScalar(value) ? value.value : null;
    if (typeof wanted !== "boolean") throw refuse(value ?? key, `${option.flag} is true or false.`);
    return wanted ? read(option, "", value ?? key, refuse) : {};
  }
  const text = isScalar(value) && value.value === null ? null : textOf(value);
  if (text !== null) return read(option, text, value, refuse);
  const duplicate = isMap(value) ? duplicateKey(value) : null;
  if (duplicate) throw refuse(duplicate, `${textOf(duplicate)} stands here a second time. Say it once.`);
  if (option.flag === "env" && isMap(value)) return environmentOf(option, value, targets, refuse);
  if (option.flag === "sbatch" && isMap(value)) return sbatchOf(option, value, targets, refuse);
  if (option.repeats && isSeq(value)) {
    return value.items.reduce<Partial<JobOptions>>((options, item) => {
      const text = textOf(resolved(item, targets));
      if (text === null) throw refuse(item, `${option.flag} takes texts.`);
      return mergeOptions(options, read(option, text, item, refuse));
    }, {});
  }
  const takes = option.repeats ? "a value or a list of them" : "one value";
  throw refuse(value ?? key, `${option.flag} takes ${takes}: ${option.help}`);
}

function environmentOf(option: JobOption, map: YAMLMap, targets: Targets, refuse: Refuse): Partial<JobOptions> {
  return map.items.reduce<Partial<JobOptions>>((options, { key, value }) => {
    const [name, text] = [textOf(key), textOf(resolved(value, targets))];
    if (name === null || text === null) throw refuse(value ?? key, "env takes NAME: VALUE.");
    return mergeOptions(options, read(option, `${name}=${text}`, key, refuse));
  }, {});
}

function sbatchOf(option: JobOption, map: YAMLMap, targets: Targets, refuse: Refuse): Partial<JobOptions> {
  return map.items.reduce<Partial<JobOptions>>((options, { key, value }) => {
    const [name, text] = [textOf(key) ?? String(key), optionValue(resolved(value, targets))];
    if (text === undefined) throw refuse(value ?? key, "sbatch takes KEY: VALUE, or KEY: true for a switch.");
    if (text === false) return options;
    return mergeOptions(options, read(option, text === null ? name : `${name}=${text}`, key, refuse));
  }, {});
}

function read(option: JobOption, text: string, node: unknown, refuse: Refuse): Partial<JobOptions> {
  const options = option.read(text);
  const what = option.isSecret ? "" : ` ${JSON.stringify(text)} will not do.`;
  if (isMisread(options)) throw refuse(node, `${option.flag}:${what} ${options.misread}`);
  return options;
}
