import type { Job, SubmissionInput } from "../../../src/api/job.ts";
import { writtenSubmission } from "../../../src/client/written_submission.ts";
import type { Command } from "../../../src/core/command.ts";
import type { Demand } from "../../../src/core/demand.ts";
import type { JobPlan } from "../../../src/core/job.ts";
import type { Space } from "../../../src/core/space.ts";
import { textOfCommand } from "../../../src/core/typed_command.ts";
import { type Draft, type DraftCode, emptyDraft, type OptionFlag, optionKinds } from "./draft.ts";

/** What the yard tells of how a job was submitted. */
export interface Definition extends Partial<Omit<JobPlan, "environment">> {
  command: Command | null;
  spaces: Space[];
  /** Of a job with a command a line; absent where there are very many. */
  lines?: [line: number, text: string][];
  demand: Demand;
  retries: number;
  timeLimitMs: number | null;
  expectedMs: number | null;
  atMost: number | null;
  resumable: boolean;
  /** Who is told of its end, as far as it may be shown. */
  notify?: string[];
}

export interface ClonedDraft {
  draft: Draft;
  /** What of the job does not come along, in so many words. */
  notes: string[];
}

/** The form as it is filled in for a job like one that there is. */
export function draftOfJob(job: Job, definition: Definition): ClonedDraft {
  const { command, spaces, lines, named = [], snapshot = null, cwd = "", notify = [] } = definition;
  const [space] = spaces;
  const submission: SubmissionInput = {
    work:
      command === null ? { kind: "lines", lines: lines ?? [] } : { kind: "command", command, ...(space && { space }) },
    ...(isItsOwnName(job, command) && { name: job.name }),
    pool: job.pool,
    priority: job.priority,
    after: job.after,
    tags: job.tags,
    demand: demandAsSent(definition.demand),
    retries: definition.retries,
    timeLimitMs: definition.timeLimitMs,
    expectedMs: definition.expectedMs,
    atMost: definition.atMost,
    resumable: definition.resumable,
    notify: notify.filter(isWhole),
    outputs: [...(definition.outputs ?? [])],
    keep: definition.keep ?? false,
  };
  const { flags, unsaid } = writtenSubmission(submission);
  const options: Draft["options"] = {};
  const parameters: Draft["parameters"] = [];
  for (const [flag, text] of flags) {
    if (flag === "set") parameters.push(parameterOf(text ?? "", parameters.length));
    else if (isOption(flag)) options[flag] = joined(flag, options[flag], text);
  }
  return {
    draft: {
      ...emptyDraft,
      kind: command === null ? "text" : "command",
      command: command === null ? "" : textOfCommand(command),
      parameters,
      text: textOf(lines ?? []),
      code: codeOf(job, snapshot, cwd),
      pools: job.pool.split(","),
      options,
      variables: named.map((name) => `${name}=`).join("\n"),
    },
    notes: [
      ...unsaid.map((what) => `It does not say ${what}: submit it again from the command line for that.`),
      ...(spaces.length > 1 ? ["The job was extended; what came later does not come along."] : []),
      ...(command === null && !lines ? ["It has very many commands, which do not come along."] : []),
      ...(named.length > 0 ? ["Values of its variables are not told to anybody: give them anew."] : []),
      ...(definition.out ? [`Its output file, ${definition.out}, is there already: name a new one, or none.`] : []),
      ...(notify.every(isWhole) ? [] : ["Addresses that are secret do not come along: say anew who is told."]),
      ...((definition.slurm?.options ?? []).length > 0
        ? ["What it said to sbatch by itself does not come along."]
        : []),
    ],
  };
}

/** Not one that was made of its command. */
function isItsOwnName({ name }: Job, command: Command | null): boolean {
  if (command === null) return !/^\d+ commands$/.test(name);
  const line = textOfCommand(command).replace(/\s+/g, " ");
  return !line.startsWith(name.replace(/…$/, ""));
}

/** Of an address that may be a secret only a part is told. */
function isWhole(wish: string): boolean {
  return !wish.includes("…");
}

/** Slurm's is said again when it is submitted. */
function demandAsSent({ cluster: _, ...demand }: Demand): NonNullable<SubmissionInput["demand"]> {
  return demand;
}

function parameterOf(setting: string, key: number): Draft["parameters"][number] {
  const at = setting.indexOf("=");
  return { key, name: setting.slice(0, at), values: setting.slice(at + 1) };
}

function isOption(flag: string): flag is OptionFlag {
  return Object.hasOwn(optionKinds, flag);
}

function joined(flag: OptionFlag, before: string | undefined, text: string | null): string {
  if (text === null) return "on";
  if (before === undefined) return text;
  return `${before}${optionKinds[flag] === "commas" ? ", " : "\n"}${text}`;
}

function codeOf(job: Job, snapshot: string | null, cwd: string): DraftCode {
  if (snapshot !== null) return { kind: "job", snapshot, job: job.id };
  return cwd === "" ? { kind: "empty" } : { kind: "folder", path: cwd };
}

function textOf(lines: readonly (readonly [number, string])[]): string {
  return lines.map(([, text]) => text).join("\n");
}
