import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar } from "yaml";
import type { Command } from "../core/command.ts";
import { type JobOption, type JobOptions, jobOptions, mergeOptions } from "./job_options.ts";
import { didYouMean } from "./nearest.ts";
import { isMisread } from "./option_values.ts";
import { describeParamsProblem, isParamsRefused } from "./params_problem.ts";
import { parseYamlParams } from "./params_yaml.ts";
import { wrongUsage } from "./stop.ts";

/** A job as a file describes it. */
export interface JobFile {
  command: Command | null;
  options: Partial<JobOptions>;
}

/** `command`, and every option of `run` under its name, `-` or `_` in it. `which`: the keys that may stand here. */
export function readJobFile(path: string, which: "job" | "defaults"): JobFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw wrongUsage(`${path}: ${isMissing ? "there is no such file" : "the file cannot be read"}.`);
  }
  return parseJobFile(path, text, which);
}

export function parseJobFile(path: string, text: string, which: "job" | "defaults"): JobFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const refuse = (node: unknown, why: string) => {
    const { line, col } = lines.linePos(startOf(node));
    return wrongUsage(`${path}:${line}:${col}: ${why}`);
  };
  const [wrong] = [...document.errors, ...document.warnings];
  if (wrong) {
    const { line, col } = lines.linePos(wrong.pos[0]);
    throw wrongUsage(`${path}:${line}:${col}: this is not valid YAML: ${wrong.message}`);
  }
  const { contents } = document;
  if (contents === null && which === "defaults") return { command: null, options: {} };
  if (!isMap(contents)) throw refuse(contents, "a job is a list of keys, e.g. command: python3 train.py");

  const allowed = jobOptions.filter((option) => which === "job" || option.isDefault);
  const known = [...(which === "job" ? ["command"] : []), ...allowed.map(({ flag }) => flag)];
  let command: Command | null = null;
  let options: Partial<JobOptions> = {};
  for (const pair of contents.items as Pair<Node, Node | null>[]) {
    const name = isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
    const flag = canonical(name);
    const option = allowed.find((one) => one.flag === flag);
    if (which === "job" && flag === "command") command = commandOf(pair.value, refuse);
    else if (which === "job" && flag === "params" && isMap(pair.value)) {
      options = mergeOptions(options, { axes: axesOf(path, text, pair.value, lines) });
    } else if (option) options = mergeOptions(options, optionOf(option, pair, refuse));
    else
      throw refuse(
        pair.key,
        `unknown key ${JSON.stringify(name)}${didYouMean(flag, known) || `; known: ${known.join(", ")}`}`,
      );
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

function optionOf(option: JobOption, { key, value }: Pair<Node, Node | null>, refuse: Refuse): Partial<JobOptions> {
  if (option.takes === null) {
    const wanted = isScalar(value) ? value.value : null;
    if (typeof wanted !== "boolean") throw refuse(value ?? key, `${option.flag} is true or false.`);
    return wanted ? read(option, "", value ?? key, refuse) : {};
  }
  if (isScalar(value) && value.value !== null) return read(option, textOf(value), value, refuse);
  if (option.flag === "env" && isMap(value))
    return environmentOf(option, value.items as Pair<Node, Node | null>[], refuse);
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

function environmentOf(
  option: JobOption,
  pairs: readonly Pair<Node, Node | null>[],
  refuse: Refuse,
): Partial<JobOptions> {
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
function axesOf(path: string, text: string, node: Node, lines: LineCounter): JobOptions["axes"] {
  const start = startOf(node);
  const { line, col } = lines.linePos(start);
  const source = " ".repeat(col - 1) + text.slice(start, node.range?.[1] ?? text.length);
  const axes = parseYamlParams("\n".repeat(line - 1) + source);
  if (isParamsRefused(axes)) throw wrongUsage(describeParamsProblem(path, axes.problem));
  return axes;
}

/** A plain scalar as written: `0.10`, `on`, `1_000` stay what they are. */
function textOf(scalar: Scalar): string {
  return scalar.type === Scalar.PLAIN ? (scalar.source ?? String(scalar.value)) : String(scalar.value);
}

function startOf(node: unknown): number {
  return (node as { range?: [number, number, number] | null } | null)?.range?.[0] ?? 0;
}
