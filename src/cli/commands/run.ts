import { existsSync } from "node:fs";
import { commandFromWords } from "../command_words.ts";
import type { Declaration } from "../declaration.ts";
import { addJobOptions, jobOptionsOf } from "../job_option_flags.ts";
import { type JobOptions, mergeOptions } from "../job_options.ts";
import { wrongUsage } from "../stop.ts";
import { submitJob } from "../submit_job.ts";
import { addSubmitOptions, type SubmitOptions } from "../submit_option_flags.ts";

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
Parameters are appended as --name=value, or stand where {name} stands. Without --params and --set: params.json`,
  );
}

function declare({ command, exact, act }: Declaration, isSweep: boolean): void {
  command.usage("[options] -- COMMAND [ARGUMENT...]").argument("[command...]", "without --: one text for the shell");
  command.passThroughOptions();
  addJobOptions(command);
  addSubmitOptions(command);
  act(command, async () => {
    const given = jobOptionsOf(command);
    const options = mergeOptions(await projectDefaults(), given);
    const words = commandFromWords(command.args, exact);
    if (words && "unclear" in words) {
      throw wrongUsage(
        `"${words.unclear}" is a text for the shell, and what follows it is not part of it. Put options before the text; before a program with its arguments write --.`,
      );
    }
    return submitJob(words, options, { ...command.opts<SubmitOptions>(), isSweep });
  });
}

/** What `runyard.yaml` of the current folder says of every job. */
async function projectDefaults(): Promise<Partial<JobOptions>> {
  if (!existsSync("runyard.yaml")) return {};
  const { readJobFile } = await import("../job_file.ts");
  return (await readJobFile("runyard.yaml", "defaults")).options;
}
