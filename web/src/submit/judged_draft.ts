import type { SubmissionInput } from "../../../src/api/job.ts";
import { submissionOf } from "../../../src/client/job_submission.ts";
import { commandLineOf, writtenSubmission } from "../../../src/client/written_submission.ts";
import type { Axis } from "../../../src/core/axis.ts";
import { commandLine } from "../../../src/core/command_line.ts";
import { demandOf } from "../../../src/core/demand_options.ts";
import { type JobOptions, jobOptions, mergeOptions } from "../../../src/core/job_options.ts";
import { isTextMistaken, parseJobText, type TextMistake } from "../../../src/core/job_text.ts";
import { isMisread } from "../../../src/core/option_values.ts";
import { parseSetting } from "../../../src/core/setting.ts";
import { spaceOf } from "../../../src/core/space_options.ts";
import { describeSpaceProblem, isSpaceRefused } from "../../../src/core/space_problem.ts";
import { typedCommand } from "../../../src/core/typed_command.ts";
import { type CompiledWork, compileWork, type Work } from "../../../src/core/work.ts";
import { type Draft, type OptionFlag, optionKinds, valuesOf } from "./draft.ts";

/** What can be wrong in the form: an option, a row of the parameters by its key, or one of the others. */
export type FieldName =
  | OptionFlag
  | `parameter-${number}`
  | "command"
  | "parameters"
  | "folder"
  | "upload"
  | "pools"
  | "variables";

/** What a draft comes to: what would be sent, what of it is wrong, and what it would do. */
export interface JudgedDraft {
  /** In the order in which they would be queued; none while anything is wrong or missing. */
  submissions: SubmissionInput[];
  mistakes: ReadonlyMap<FieldName, string>;
  /** What is not there yet. Told when somebody wants to submit: before, it is only what is still to be done. */
  missing: ReadonlyMap<FieldName, string>;
  textMistakes: readonly TextMistake[];
  /** How many runs; null: that cannot be told yet. */
  total: number | null;
  /** The commands of the first runs, as a shell reads them. */
  preview: readonly string[];
  /** What does the same on a command line; null: there is no command yet. */
  line: string | null;
  /** What the line does not say. */
  unsaid: readonly string[];
}

const PREVIEWED = 6;
const LINES_SHOWN = 3;

/** Reads a draft with the parsers of the command line. */
export function judgeDraft(draft: Draft): JudgedDraft {
  const mistakes = new Map<FieldName, string>();
  const missing = new Map<FieldName, string>();
  const options = readOptions(draft, mistakes);
  const base = baseOf(draft, options, mistakes, missing);
  const works = draft.kind === "command" ? commandWork(draft, options, mistakes, missing) : textWorks(draft, missing);
  const textMistakes = "mistakes" in works ? works.mistakes : [];
  const parts = "mistakes" in works ? [] : works.parts;
  const submissions = parts.map(({ work, wishes }) => base(work, wishes));
  const written = submissions.map(writtenSubmission);
  const shown = written.slice(0, LINES_SHOWN).map((one) => commandLineOf(one));
  const more = written.length - shown.length;
  const isReady = mistakes.size + missing.size + textMistakes.length === 0;
  return {
    submissions: isReady ? submissions : [],
    mistakes,
    missing,
    textMistakes,
    total: parts.length === 0 ? null : parts.reduce((sum, { compiled }) => sum + compiled.total, 0),
    preview: previewOf(parts),
    line: shown.length === 0 ? null : [...shown, ...(more > 0 ? [`# and ${more} more like these`] : [])].join("\n"),
    unsaid: [...new Set(written.flatMap(({ unsaid }) => unsaid))],
  };
}

/** One job of a draft. */
interface Part {
  work: Work;
  compiled: CompiledWork;
  wishes: Partial<SubmissionInput>;
}

type Works = { parts: Part[] } | { mistakes: readonly TextMistake[] };

function readOptions(draft: Draft, mistakes: Map<FieldName, string>): Partial<JobOptions> {
  let options: Partial<JobOptions> = {};
  for (const flag of Object.keys(optionKinds) as OptionFlag[]) {
    const option = jobOptions.find((one) => one.flag === flag);
    for (const value of valuesOf(flag, draft.options[flag] ?? "")) {
      const read = option?.read(value) ?? {};
      if (isMisread(read)) mistakes.set(flag, read.misread);
      else options = mergeOptions(options, read);
    }
  }
  return options;
}

/** What all jobs of a draft have in common. */
function baseOf(
  draft: Draft,
  options: Partial<JobOptions>,
  mistakes: Map<FieldName, string>,
  missing: Map<FieldName, string>,
): (work: Work, wishes: Partial<SubmissionInput>) => SubmissionInput {
  const demand = demandOf(options);
  if (isMisread(demand)) mistakes.set(demand.misread.startsWith("--workers") ? "workers" : "gpus", demand.misread);
  if (draft.pools.length === 0) missing.set("pools", "Choose where it may run.");
  const common: Partial<SubmissionInput> = {
    ...(draft.pools.length > 0 && { pool: draft.pools.join(",") }),
    ...codeOf(draft, mistakes, missing),
    ...(options.out !== undefined && draft.kind === "command" && { out: options.out }),
    variables: readVariables(draft.variables, mistakes),
    after: (options.after ?? []).flatMap(({ job, any }) => (job === "last" ? [] : [{ job, any }])),
  };
  if (options.after?.some(({ job }) => job === "last"))
    mistakes.set("after", "Name the job by its number: which one is the last may have changed by then.");
  const known = isMisread(demand) ? { gpus: null, cpus: null, memoryBytes: null } : demand;
  return (work, wishes) => ({ ...submissionOf(work, options, known), ...common, ...wishes });
}

function codeOf(
  { code }: Draft,
  mistakes: Map<FieldName, string>,
  missing: Map<FieldName, string>,
): Partial<SubmissionInput> {
  switch (code.kind) {
    case "empty":
      return {};
    case "folder": {
      const path = code.path.trim();
      if (path === "") missing.set("folder", "Name the folder.");
      else if (!/^(\/|~(\/|$))/.test(path))
        mistakes.set("folder", "It is a whole path, like /home/you/project, or one below ~/.");
      else return { cwd: path };
      return {};
    }
    case "upload":
      if (code.snapshot !== null) return { snapshot: code.snapshot };
      missing.set("upload", "Choose a zip of the project, or let runs work elsewhere.");
      return {};
    case "job":
      return { snapshot: code.snapshot };
  }
}

function readVariables(text: string, mistakes: Map<FieldName, string>): Record<string, string> {
  const variables: Record<string, string> = {};
  const env = jobOptions.find(({ flag }) => flag === "env");
  for (const [i, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const at = line.indexOf("=");
    const read = env?.read(line.trim()) ?? {};
    if (at === -1) mistakes.set("variables", `Line ${i + 1} has no value. Write NAME=VALUE.`);
    else if (isMisread(read)) mistakes.set("variables", `Line ${i + 1}: ${read.misread}`);
    else variables[line.slice(0, at).trim()] = line.slice(at + 1);
  }
  return variables;
}

function commandWork(
  draft: Draft,
  options: Partial<JobOptions>,
  mistakes: Map<FieldName, string>,
  missing: Map<FieldName, string>,
): Works {
  const axes = readParameters(draft, mistakes);
  const space = spaceOf(options, axes);
  if (options.seed !== undefined && options.sample === undefined)
    mistakes.set("seed", "It belongs to a sample: say how many to draw.");
  if (draft.command.trim() === "") missing.set("command", "Write the command that is to run.");
  const isUnclear = [...mistakes.keys()].some((name) => name.startsWith("parameter"));
  if (isSpaceRefused(space)) {
    mistakes.set(space.problem.code === "bad_zip" ? "zip" : "exclude", describeSpaceProblem(space.problem));
    return { parts: [] };
  }
  if (draft.command.trim() === "" || isUnclear) return { parts: [] };
  const work: Work = { kind: "command", command: typedCommand(draft.command), spaces: [space] };
  const compiled = compileWork(work);
  if (isSpaceRefused(compiled)) {
    mistakes.set("parameters", describeSpaceProblem(compiled.problem));
    return { parts: [] };
  }
  return { parts: [{ work, compiled, wishes: {} }] };
}

function readParameters({ parameters }: Draft, mistakes: Map<FieldName, string>): Axis[] {
  const seen = new Set<string>();
  return parameters.flatMap(({ key, name, values }) => {
    if (name.trim() === "" && values.trim() === "") return [];
    const axis = parseSetting(`${name}=${values}`);
    const field = `parameter-${key}` as const;
    if (isSpaceRefused(axis)) {
      mistakes.set(field, describeSpaceProblem(axis.problem));
      return [];
    }
    if (seen.has(axis.name))
      mistakes.set(field, `There is a parameter ${axis.name} already. Put all its values there.`);
    seen.add(axis.name);
    return [axis];
  });
}

function textWorks(draft: Draft, missing: Map<FieldName, string>): Works {
  if (draft.text.trim() === "") {
    missing.set("command", "Write the commands that are to run.");
    return { parts: [] };
  }
  const parsed = parseJobText(draft.text);
  if (isTextMistaken(parsed)) return parsed;
  if (parsed.kind === "lines") return { parts: partsOf({ kind: "lines", lines: parsed.lines }, {}) };
  return {
    parts: parsed.jobs.flatMap(({ name, out, command }) =>
      partsOf({ kind: "command", command: typedCommand(command), spaces: [] }, { name, out }),
    ),
  };
}

function partsOf(work: Work, wishes: Partial<SubmissionInput>): Part[] {
  const whole: Work = work.kind === "lines" ? work : { ...work, spaces: [SINGLE] };
  const compiled = compileWork(whole);
  return isSpaceRefused(compiled) ? [] : [{ work: whole, compiled, wishes }];
}

const SINGLE = { axes: [], zip: [], exclude: [], sample: null, repeat: 1 };

function previewOf(parts: readonly Part[]): string[] {
  const lines: string[] = [];
  for (const { compiled } of parts) {
    for (let n = 1; n <= compiled.total && lines.length < PREVIEWED; n += 1)
      lines.push(commandLine(compiled.run(n).command));
  }
  return lines;
}
