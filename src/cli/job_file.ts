import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, Scalar, type YAMLMap } from "yaml";
import type { Command } from "../core/command.ts";
import { type JobOption, type JobOptions, jobOptions, mergeOptions } from "./job_options.ts";
import { didYouMean } from "./nearest.ts";
import { isMisread } from "./option_values.ts";
import { describeParamsProblem, isParamsRefused, type Place } from "./params_problem.ts";
import { axesIn } from "./params_yaml.ts";
import { wrongUsage } from "./stop.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";
import { aliasTargets, danglingText, duplicateKey, isNode, resolved, type Targets } from "./yaml_value.ts";

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
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const refuseAt = (offset: number, why: string) => {
    const { line, col } = lines.linePos(offset);
    return wrongUsage(`${path}:${line}:${col}: ${why}`);
  };
  const refuse: Refuse = (node, why) => refuseAt(offsetOf(node), why);
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) throw refuseAt(wrong.pos[0], `this is not valid YAML: ${wrong.message}`);
  const { contents } = document;
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
    if (!known.includes(flag)) {
      const others = didYouMean(flag, known) || `; known: ${known.join(", ")}`;
      throw refuse(key, `unknown key ${JSON.stringify(name)}${others}`);
    }
    if (seen.has(flag)) throw refuse(key, `${flag} stands here a second time. Say it once.`);
    seen.add(flag);
    const value = resolved(written, targets);
    const option = allowed.find((one) => one.flag === flag);
    if (flag === "params" && isMap(value)) {
      const placeOf = (node: unknown): Place => {
        const { line, col } = lines.linePos(offsetOf(node));
        return { line, column: col };
      };
      const axes = axesIn(value, targets, placeOf);
      if (isParamsRefused(axes)) throw wrongUsage(describeParamsProblem(path, axes.problem));
      options = mergeOptions(options, { axes });
    } else if (option) options = mergeOptions(options, optionOf(option, { key, value }, targets, refuse));
    else command = commandOf(value ?? key, targets, refuse);
  }
  return { command, options };
}

type Refuse = (node: unknown, why: string) => Error;

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
  if (option.flag === "env" && isMap(value)) return environmentOf(option, value, targets, refuse);
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
  const duplicate = duplicateKey(map);
  if (duplicate) throw refuse(duplicate, `${textOf(duplicate)} stands here a second time. Say it once.`);
  return map.items.reduce<Partial<JobOptions>>((options, { key, value }) => {
    const [name, text] = [textOf(key), textOf(resolved(value, targets))];
    if (name === null || text === null) throw refuse(value ?? key, "env takes NAME: VALUE.");
    return mergeOptions(options, read(option, `${name}=${text}`, key, refuse));
  }, {});
}

function read(option: JobOption, text: string, node: unknown, refuse: Refuse): Partial<JobOptions> {
  const options = option.read(text);
  const what = option.isSecret ? "" : ` ${JSON.stringify(text)} will not do.`;
  if (isMisread(options)) throw refuse(node, `${option.flag}:${what} ${options.misread}`);
  return options;
}

/** A plain scalar as written: `0.10`, `on`, `1_000` stay what they are. Null: the node is no scalar. */
function textOf(node: unknown): string | null {
  if (!isScalar(node)) return null;
  return node.type === Scalar.PLAIN ? (node.source ?? String(node.value)) : String(node.value);
}

function offsetOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
