import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { Command } from "../core/command.ts";
import { type JobOption, type JobOptions, jobOptions, mergeOptions } from "./job_options.ts";
import { isMisread } from "./option_values.ts";
import { describeParamsProblem, isParamsRefused } from "./params_problem.ts";
import { parseYamlParams } from "./params_yaml.ts";
import { wrongUsage } from "./stop.ts";
import { readTextFile } from "./text_file.ts";
import {
  type KeyAndValue,
  nameOfKey,
  openYamlDocument,
  type Refuse,
  startOf,
  textOf,
  unknownKey,
  type YamlDocument,
} from "./yaml_document.ts";

/** A job as a file describes it. */
export interface JobFile {
  command: Command | null;
  options: Partial<JobOptions>;
}

/** `command`, and every option of `run` under its name, `-` or `_` in it. `which`: the keys that may stand here. */
export function readJobFile(path: string, which: "job" | "defaults"): JobFile {
  return parseJobFile(path, readTextFile(path), which);
}

export function parseJobFile(path: string, text: string, which: "job" | "defaults"): JobFile {
  const document = openYamlDocument(path, text);
  const { contents, refuse } = document;
  if (contents === null && which === "defaults") return { command: null, options: {} };
  if (!isMap(contents)) throw refuse(contents, "a job is a list of keys, e.g. command: python3 train.py");

  const allowed = jobOptions.filter((option) => which === "job" || option.isDefault);
  const known = [...(which === "job" ? ["command"] : []), ...allowed.map(({ flag }) => flag)];
  let command: Command | null = null;
  let options: Partial<JobOptions> = {};
  for (const pair of contents.items as KeyAndValue[]) {
    const name = nameOfKey(pair);
    const flag = canonical(name);
    const option = allowed.find((one) => one.flag === flag);
    if (which === "job" && flag === "command") command = commandOf(pair.value, refuse);
    else if (which === "job" && flag === "params" && isMap(pair.value)) {
      options = mergeOptions(options, { axes: axesOf(path, text, pair.value, document) });
    } else if (option) options = mergeOptions(options, optionOf(option, pair, refuse));
    else throw refuse(pair.key, unknownKey(name, known));
  }
  return { command, options };
}

/** `time_limit` and `tags` are read as `time-limit` and `tag`. */
function canonical(name: string): string {
  const flag = name.replaceAll("_", "-");
  return flag === "tags" ? "tag" : flag;
}

/** A list is a program with its arguments, a text goes to the shell. */
function commandOf(node: Node | null, refuse: Refuse): Command {
  if (isSeq(node) && node.items.length > 0) {
    const argv = node.items.map((item) => {
      if (!isScalar(item)) throw refuse(item, "each word of the command must be a text.");
      return textOf(item);
    });
    return { kind: "argv", argv };
  }
  const text = isScalar(node) ? textOf(node) : "";
  if (text.trim() === "") throw refuse(node, "command must be a text for the shell, or a list of words.");
  return { kind: "shell", text };
}

function optionOf(option: JobOption, { key, value }: KeyAndValue, refuse: Refuse): Partial<JobOptions> {
  if (option.takes === null) {
    const wanted = isScalar(value) ? value.value : null;
    if (typeof wanted !== "boolean") throw refuse(value ?? key, `${option.flag} is true or false.`);
    return wanted ? read(option, "", value ?? key, refuse) : {};
  }
  if (isScalar(value) && value.value !== null) return read(option, textOf(value), value, refuse);
  if (option.flag === "env" && isMap(value)) return environmentOf(option, value.items as KeyAndValue[], refuse);
  if (option.repeats && isSeq(value)) {
    return value.items.reduce<Partial<JobOptions>>((options, item) => {
      if (!isScalar(item)) throw refuse(item, `${option.flag} takes texts.`);
      return mergeOptions(options, read(option, textOf(item), item, refuse));
    }, {});
  }
  throw refuse(
    value ?? key,
    `${option.flag} takes ${option.repeats ? "a value or a list of them" : "one value"}: ${option.help}`,
  );
}

function environmentOf(option: JobOption, pairs: readonly KeyAndValue[], refuse: Refuse): Partial<JobOptions> {
  return pairs.reduce<Partial<JobOptions>>((options, { key, value }) => {
    if (!isScalar(key) || !isScalar(value)) throw refuse(key, "env takes NAME: VALUE.");
    return mergeOptions(options, read(option, `${textOf(key)}=${textOf(value)}`, key, refuse));
  }, {});
}

function read(option: JobOption, text: string, node: unknown, refuse: Refuse): Partial<JobOptions> {
  const options = option.read(text);
  if (isMisread(options)) throw refuse(node, `${option.flag}: ${JSON.stringify(text)} will not do. ${options.misread}`);
  return options;
}

/** Parameters that stand in the job file are read as a file of their own is, at the place where they stand. */
function axesOf(path: string, text: string, node: Node, document: YamlDocument): JobOptions["axes"] {
  const { line, column } = document.placeOf(node);
  const source = " ".repeat(column - 1) + text.slice(startOf(node), node.range?.[1] ?? text.length);
  const axes = parseYamlParams("\n".repeat(line - 1) + source);
  if (isParamsRefused(axes)) throw wrongUsage(describeParamsProblem(path, axes.problem));
  return axes;
}
