import type { SlurmInput } from "../api/job.ts";
import type { Command } from "../core/command.ts";
import type { JobOptions } from "../core/job_options.ts";
import { isMisread, label, type Misread } from "../core/option_values.ts";
import { shellQuote } from "../core/shell_quote.ts";
import { objectionToOption, runyardsOptions, type SbatchOption } from "../core/slurm.ts";
import { parseArray } from "./sbatch_array.ts";
import { scriptCommand } from "./sbatch_command.ts";
import { type GivenSbatchOption, readSbatchOptions, sbatchWords } from "./sbatch_options.ts";
import { wrongUsage } from "./stop.ts";

/** What a batch script says to Slurm. */
export interface ScriptPart {
  resources: SbatchOption[];
  /** The number of each run in Slurm's array; null: it has none. */
  array: number[] | null;
}

/** A batch script as a job. */
export interface BatchScript {
  command: Command;
  options: Partial<JobOptions>;
  script: ScriptPart;
  /** What it says and Runyard does otherwise, each once. */
  leftOut: string[];
}

/** A script for sbatch rather than a job in YAML: by its first line, or a line for sbatch. */
export function isBatchScript(path: string, text: string): boolean {
  return !/\.(ya?ml|json)$/i.test(path) && (text.startsWith("#!") || /^#SBATCH/m.test(text));
}

/** @param words  the script's own arguments */
export function parseBatchScript(path: string, text: string, words: readonly string[]): BatchScript {
  if (text.includes("\r\n"))
    throw wrongUsage(
      `${path}: its lines end with CR LF, and sbatch refuses that. Make it: sed -i 's/\\r$//' ${shellQuote(path)}`,
    );
  if (text.includes("\0")) throw wrongUsage(`${path}: there is a zero byte in it. A batch script is text.`);
  const { header, forSbatch, body } = partsOf(text);
  const command = scriptCommand(text, body, words);
  if (isMisread(command)) throw wrongUsage(`${path}: ${command.misread}`);

  const options: Partial<JobOptions> = path === "-" ? {} : { name: path.slice(path.lastIndexOf("/") + 1) };
  const script: ScriptPart = { resources: [], array: null };
  const leftOut = new Set(header.some((line) => /^#(PBS|BSUB)\b/.test(line)) ? ["#PBS and #BSUB lines"] : []);
  const given = readSbatchOptions(
    forSbatch.flatMap(({ text, line }) => good(line, sbatchWords(text)).map((word) => ({ text: word, line }))),
    refuse,
  );
  for (const option of given) take(option);
  return { command, options, script, leftOut: [...leftOut] };

  function take({ name, value, line }: GivenSbatchOption): void {
    if (name === "job-name") options.name = good(line, label(value ?? ""), `--job-name: `);
    else if (name === "chdir") options.cwd = value ?? "";
    else if (name === "array") {
      const { numbers, atMost } = good(line, parseArray(value ?? ""), `--array=${value}: `);
      script.array = numbers;
      options.runs = numbers.length;
      if (atMost === null) delete options.atMost;
      else options.atMost = atMost;
    } else if (withoutJob.has(name))
      throw refuse(line, `With --${name} sbatch submits nothing. Take it out of the script.`);
    else if (runyardsOptions.has(name)) leftOut.add(`--${name}`);
    else {
      const objection = objectionToOption([name, value]);
      if (objection !== null) throw refuse(line, objection);
      script.resources.push([name, value]);
    }
  }

  function refuse(line: number, message: string): Error {
    return wrongUsage(`${path}:${line}: ${message}`);
  }

  function good<Value extends object | string>(line: number, value: Value | Misread, what = ""): Value {
    if (isMisread(value)) throw refuse(line, what + value.misread);
    return value;
  }
}

const withoutJob = new Set(["help", "usage", "version", "test-only"]);

interface ScriptParts {
  /** The lines before the first one that is neither blank nor a comment. */
  header: string[];
  /** What stands behind `#SBATCH` in them. */
  forSbatch: { text: string; line: number }[];
  /** All that follows the first line, without those. */
  body: string;
}

function partsOf(text: string): ScriptParts {
  const lines = text.split("\n");
  const firstCommand = lines.findIndex((line) => !/^\s*(#|$)/.test(line));
  const header = firstCommand === -1 ? lines : lines.slice(0, firstCommand);
  const isForSbatch = (line: string, i: number) => i < header.length && line.startsWith("#SBATCH");
  const forSbatch = header.flatMap((line, i) => (isForSbatch(line, i) ? [{ text: line.slice(7), line: i + 1 }] : []));
  return { header, forSbatch, body: lines.filter((line, i) => i > 0 && !isForSbatch(line, i)).join("\n") };
}

/**
 * How a job goes through Slurm where its script has a say: what the script asks for replaces what the pool does.
 *
 * @param slurm  null: the pool `on` is none of Slurm's, which is refused
 */
export function withScript(on: string, slurm: SlurmInput | null, { resources, array }: ScriptPart): SlurmInput {
  if (slurm === null || on.includes(","))
    throw wrongUsage(`--on ${on}: a batch script goes to one pool of Slurm's, e.g. --on slurm or --on slurm:gpu`);
  const asked = new Set(resources.flatMap((option) => [option[0], subjectOf(option)]));
  const left = (slurm.resources ?? []).filter((option) => !asked.has(option[0]) && !asked.has(subjectOf(option)));
  return { ...slurm, resources: [...left, ...resources], array };
}

// sbatch refuses two ways to ask for memory, and of two to ask for GPUs it gives both.
function subjectOf([name, value]: SbatchOption): string {
  if (/^mem(-per-[cg]pu)?$/.test(name)) return "memory";
  return /^gpus(-per-|$)/.test(name) || (name === "gres" && value?.includes("gpu")) ? "GPUs" : name;
}
