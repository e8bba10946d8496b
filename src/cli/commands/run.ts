import { existsSync } from "node:fs";
import { type JobOptions, mergeOptions } from "../../core/job_options.ts";
import type { Declaration } from "../declaration.ts";
import { givenTo, takeCommandLine } from "../given.ts";
import { withInnerRun } from "../nested_command.ts";
import { submitJob } from "../submit_job.ts";

export function declareRun(declaration: Declaration): void {
  declare(declaration, false);
  declaration.command.addHelpText(
    "after",
    `
Examples:
  runyard run -- python3 train.py --lr 0.1     these words exactly
  runyard run 'python3 prep.py && python3 train.py'   one text, for the shell
  runyard run --from commands.txt              a shell command a line
  runyard run --gpus 2 --time-limit 2h --follow -- python3 train.py`,
  );
}

export function declareSweep(declaration: Declaration): void {
  declare(declaration, true);
  declaration.command.addHelpText(
    "after",
    `
Examples:
  runyard sweep --set lr=0.1,0.01 --set seed=1..5 -- python3 train.py    10 runs
  runyard sweep --params params.json --follow -- python3 train.py
  runyard sweep --set lr=0.1,0.01 --dry-run -- python3 train.py | sh
  runyard sweep -- runyard run --runs 10 --on slurm -- python3 train.py    as one sweep
Parameters are appended as --name=value, or stand where {name} stands. Without --params and --set: params.json`,
  );
}

function declare({ command, exact, act }: Declaration, isSweep: boolean): void {
  takeCommandLine(command);
  act(command, async () => {
    const outer = givenTo(command, exact);
    const given = isSweep ? withInnerRun(outer) : outer;
    const options = [...given.byFlag.values()].reduce(mergeOptions, await projectDefaults());
    return submitJob(given.command, options, { ...given.how, isSweep });
  });
}

/** What `runyard.yaml` of the current folder says of every job. */
async function projectDefaults(): Promise<Partial<JobOptions>> {
  if (!existsSync("runyard.yaml")) return {};
  const { readJobFile } = await import("../job_file.ts");
  return (await readJobFile("runyard.yaml", "defaults")).options;
}
