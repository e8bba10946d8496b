import { resolve } from "node:path";
import type { SubmissionInput } from "../api/job.ts";
import { submissionOf } from "../client/job_submission.ts";
import type { Command } from "../core/command.ts";
import type { Demand } from "../core/demand.ts";
import { demandOf } from "../core/demand_options.ts";
import type { JobOptions } from "../core/job_options.ts";
import { isMisread } from "../core/option_values.ts";
import { objectionToDemand } from "../core/sbatch_options.ts";
import { type CompiledWork, compileWork, type Work } from "../core/work.ts";
import { submittingLimits } from "../platform/shell_limits.ts";
import { readCommandLines } from "./command_lines.ts";
import type { ChosenPools } from "./pools/resolve_pools.ts";
import { workAfterEnv } from "./pools/work_after_env.ts";
import { wrongUsage } from "./stop.ts";
import { currentUmask, submittingEnvironment, workingFolder } from "./submitting_environment.ts";
import { good, spaceFrom } from "./sweep_space.ts";

/** What is to be submitted, checked as far as it can be without a yard. */
export interface PreparedJob {
  work: Work;
  compiled: CompiledWork;
}

/** The runs that a command, or a file of commands, and the options make; `env` is shell text before each command. */
export async function prepareWork(
  command: Command | null,
  options: Partial<JobOptions>,
  isSweep: boolean,
  env = "",
): Promise<PreparedJob> {
  const work = workAfterEnv(env, await workFrom(command, options, isSweep));
  return { work, compiled: good(compileWork(work)) };
}

async function workFrom(command: Command | null, options: Partial<JobOptions>, isSweep: boolean): Promise<Work> {
  const { from, params, settings, axes, zip, exclude, sample, runs } = options;
  if (from === undefined) {
    if (!command)
      throw wrongUsage(
        `There is no command. Write it after --, e.g. runyard ${isSweep ? "sweep --set lr=0.1,0.01" : "run"} -- python3 train.py`,
      );
    if (isBlank(command)) throw wrongUsage("The command is empty. Write a program, or a text for the shell.");
    return { kind: "command", command, spaces: [await spaceFrom(options, isSweep)] };
  }
  if (command) throw wrongUsage("The commands come from --from; leave out the other one.");
  if (isSweep || params || settings || axes || zip || exclude || sample !== undefined || runs !== undefined) {
    throw wrongUsage("--from runs each line once, as it stands: it goes with neither parameters nor --runs.");
  }
  return { kind: "lines", lines: await readCommandLines(from, `--from ${from}`) };
}

function isBlank(command: Command): boolean {
  return (command.kind === "shell" ? command.text.trim() : command.argv[0]) === "";
}

/** Everything but the code: that is taken when a yard is there. Reads the files of variables. */
export async function prepareSubmission(
  work: Work,
  options: Partial<JobOptions>,
  { pool, slurm }: Pick<ChosenPools, "pool" | "slurm">,
): Promise<SubmissionInput & { cwd: string }> {
  return {
    ...submissionOf(work, options, demandFrom(options)),
    ...(pool !== undefined && { pool }),
    ...throughSlurm(slurm, options),
    cwd: workingFolder(options.cwd),
    ...(await submittingEnvironment(options.envFiles ?? [], options.env ?? [])),
    umask: currentUmask(),
    limits: submittingLimits(),
    out: options.out === undefined ? null : resolve(options.out),
  };
}

/** What was said of Slurm, which only a pool of Slurm's can hear. */
function throughSlurm(slurm: ChosenPools["slurm"], options: Partial<JobOptions>): Pick<SubmissionInput, "slurm"> {
  const { sbatch = [] } = options;
  if (!slurm) {
    if (sbatch.length === 0) return {};
    throw wrongUsage("--sbatch speaks to Slurm, and the job goes elsewhere. Add --on slurm, or leave it out.");
  }
  const objection = objectionToDemand(demandFrom(options), slurm.resources ?? []);
  if (objection !== null) throw wrongUsage(objection);
  return { slurm: { ...slurm, options: [...(slurm.options ?? []), ...sbatch] } };
}

export function demandFrom(options: Partial<JobOptions>): Demand {
  const demand = demandOf(options);
  if (isMisread(demand)) throw wrongUsage(demand.misread);
  return demand;
}
