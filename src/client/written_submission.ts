import type { SubmissionInput } from "../api/job.ts";
import type { Command } from "../core/command.ts";
import { shellQuote } from "../core/shell_quote.ts";
import type { Space } from "../core/space.ts";
import { writtenDuration, writtenSize } from "../core/written_quantity.ts";
import { writtenExclusion, writtenSetting } from "../core/written_setting.ts";

/** A flag of `runyard run`, and what it is given; null: it is a switch. */
export type WrittenFlag = [flag: string, text: string | null];

/** A submission as a command line says it. */
export interface WrittenSubmission {
  verb: "run" | "sweep";
  flags: WrittenFlag[];
  /** Null: a command a line, from a text. */
  command: Command | null;
  /** The commands with the lines that they stand in; none where there is one command. */
  lines: readonly (readonly [line: number, text: string])[];
  /** What of it no option of `run` says. */
  unsaid: string[];
}

/** The options that make this submission: those of a job in the panel, and those of one that is to be submitted again. */
export function writtenSubmission(submission: SubmissionInput): WrittenSubmission {
  const { work } = submission;
  const space = work.kind === "command" ? work.space : undefined;
  const flags: WrittenFlag[] = [...spaceFlags(space), ...demandFlags(submission.demand), ...jobFlags(submission)];
  return {
    verb: (space?.axes ?? []).length > 0 ? "sweep" : "run",
    flags,
    command: work.kind === "command" ? work.command : null,
    lines: work.kind === "lines" ? work.lines : [],
    unsaid: unsaidOf(submission),
  };
}

/**
 * The line for a shell. Where the commands come from a text, that stands below it as a here-document.
 *
 * @param program  what starts Runyard
 */
export function commandLineOf({ verb, flags, command, lines }: WrittenSubmission, program = "runyard"): string {
  const options = flags.flatMap(wordsOf);
  if (command === null) {
    const text = textOf(lines);
    const end = endFor(text);
    return [program, verb, ...options, "--from", "-", `<<'${end}'\n${text}${end}`].join(" ");
  }
  const words = command.kind === "argv" ? ["--", ...command.argv.map(shellQuote)] : [quoted(command.text)];
  return [program, verb, ...options, ...words].join(" ");
}

function wordsOf([flag, text]: WrittenFlag): string[] {
  if (text === null) return [`--${flag}`];
  // By itself it would be what ends the options.
  return text === "--" ? [`--${flag}=--`] : [`--${flag}`, shellQuote(text)];
}

/** In quotes also where a shell would not need them: they say that it is one text. */
function quoted(text: string): string {
  const word = shellQuote(text);
  return word === text ? `'${text}'` : word;
}

/** The text that has these commands in these lines. */
function textOf(lines: WrittenSubmission["lines"]): string {
  let text = "";
  let at = 1;
  for (const [line, command] of lines) {
    text += `${"\n".repeat(Math.max(0, line - at))}${command}\n`;
    at = line + 1;
  }
  return text;
}

function endFor(text: string): string {
  const lines = new Set(text.split("\n"));
  let end = "END";
  for (let n = 2; lines.has(end); n += 1) end = `END${n}`;
  return end;
}

type SentSpace = { [Key in keyof Space]?: Space[Key] | undefined };

function spaceFlags(space: SentSpace | undefined): WrittenFlag[] {
  const { axes = [], zip = [], exclude = [], sample = null, repeat = 1 } = space ?? {};
  return [
    ...axes.flatMap((axis) => flag("set", writtenSetting(axis))),
    ...zip.flatMap((names) => flag("zip", names.join(","))),
    ...exclude.flatMap((exclusion) => flag("exclude", writtenExclusion(exclusion))),
    ...flag("sample", sample && String(sample.count)),
    ...flag("seed", sample && sample.seed !== 0 ? String(sample.seed) : null),
    ...flag("runs", repeat === 1 ? null : String(repeat)),
  ];
}

function demandFlags(demand: SubmissionInput["demand"]): WrittenFlag[] {
  const { gpus = null, gpuKind, cpus = null, memoryBytes = null, workers, mostWorkers } = demand ?? {};
  const least = workers ?? 1;
  const most = mostWorkers ?? least;
  return [
    ...number("gpus", gpus),
    ...flag("gpu-memory", gpuKind?.memoryBytes === undefined ? null : writtenSize(gpuKind.memoryBytes)),
    ...flag("gpu-type", gpuKind?.types?.join(",") ?? null),
    ...(cpus === 0 ? [] : number("cpus", cpus)),
    ...flag("memory", memoryBytes === null ? null : writtenSize(memoryBytes)),
    ...flag("workers", most > least ? `${least}-${most}` : least > 1 ? String(least) : null),
  ];
}

function jobFlags(submission: SubmissionInput): WrittenFlag[] {
  const { pool = "local", priority = 30, retries = 0, timeLimitMs, expectedMs, after = [] } = submission;
  const jobs = (any: boolean) => after.filter((one) => (one.any ?? false) === any).map(({ job }) => job);
  return [
    ...flag("name", submission.name ?? null),
    ...flag("on", pool === "local" ? null : pool),
    ...(priority === 30 ? [] : number("priority", priority)),
    ...flag("after", jobs(false).join(",") || null),
    ...flag("after-any", jobs(true).join(",") || null),
    ...(retries === 0 ? [] : number("retries", retries)),
    ...flag("time-limit", timeLimitMs ? writtenDuration(timeLimitMs) : null),
    ...flag("expect", expectedMs ? writtenDuration(expectedMs) : null),
    ...number("at-most", submission.atMost ?? null),
    ...flag("out", submission.out ?? null),
    ...flag("cwd", submission.cwd ?? null),
    ...Object.entries(submission.variables ?? {}).flatMap(([name, value]) => flag("env", `${name}=${value}`)),
    ...toggle("snapshot", submission.snapshot != null),
    ...(submission.outputs ?? []).flatMap((pattern) => flag("outputs", pattern)),
    ...toggle("keep", submission.keep ?? false),
    ...(submission.tags ?? []).flatMap((tag) => flag("tag", tag)),
    ...(submission.notify ?? []).flatMap((target) => flag("notify", target)),
    ...toggle("resumable", submission.resumable ?? false),
    ...toggle("paused", submission.paused ?? false),
  ];
}

function flag(name: string, text: string | null): WrittenFlag[] {
  return text === null ? [] : [[name, text]];
}

function number(name: string, value: number | null): WrittenFlag[] {
  return flag(name, value === null ? null : String(value));
}

function toggle(name: string, isOn: boolean): WrittenFlag[] {
  return isOn ? [[name, null]] : [];
}

function unsaidOf({ work, demand, slurm, results }: SubmissionInput): string[] {
  const said = (isThere: boolean, what: string) => (isThere ? [what] : []);
  const axes = work.kind === "command" ? (work.space?.axes ?? []) : [];
  const isDashed = work.kind === "command" && work.command.kind === "shell" && /^-/.test(work.command.text);
  return [
    ...said(demand?.need !== undefined, "what a run needs beside others, as a batch says it"),
    ...said(demand?.machines !== undefined, "the machines that it is kept to"),
    ...said(demand?.cpus === 0, "that it takes no core"),
    ...said(slurm != null, "how it goes through Slurm"),
    ...said(results != null, "the folder in which a batch collects its results"),
    ...said(isDashed, "a text for the shell that begins with a dash"),
    ...axes.flatMap((axis) => said(writtenSetting(axis) === null, `the values of ${axis.name}`)),
  ];
}
