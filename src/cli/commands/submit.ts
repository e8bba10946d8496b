import type { Command as Parser } from "commander";
import { mergeOptions } from "../../core/job_options.ts";
import type { Declaration } from "../declaration.ts";
import { addJobOptions, jobOptionsOf } from "../job_option_flags.ts";
import { isBatchScript, parseBatchScript } from "../sbatch_file.ts";
import { wrongUsage } from "../stop.ts";
import { submitJob } from "../submit_job.ts";
import { addSubmitOptions, type SubmitOptions } from "../submit_option_flags.ts";
import { note } from "../terminal.ts";
import { isUnreadable, readTextFile } from "../text_file.ts";

export function declareSubmit({ command, exact, act }: Declaration): void {
  command.usage("[options] FILE [ARGUMENT...]").argument("<file>", "a job in YAML, or a batch script; - is stdin");
  command.argument("[argument...]", "of a batch script");
  command.passThroughOptions();
  addJobOptions(command, ["on", "sbatch", "notify"]);
  addSubmitOptions(command);
  command.addHelpText(
    "after",
    `
Examples:
  runyard submit job.yaml                 command, and any option of run under its name
  runyard submit train.sbatch 0.1 30      a script for sbatch, with its own arguments, on slurm
  runyard submit --on slurm:gpu --follow train.sbatch -- --lr 0.1`,
  );
  act(command, async () => {
    const [file = ""] = command.args;
    const text = await readTextFile(file);
    if (isUnreadable(text)) throw wrongUsage(`${file}: ${text.unreadable}.`);
    return isBatchScript(file, text) ? submitScript(command, text, exact) : submitYaml(command, text, exact);
  });
}

async function submitYaml(parser: Parser, text: string, exact: readonly string[] | null): Promise<number> {
  const [file = "", ...rest] = parser.args;
  const { operands, unknown } = parser.parseOptions(rest);
  const [word] = [...unknown, ...operands, ...(exact ?? [])];
  if (word !== undefined)
    throw wrongUsage(`${file} is a job in YAML: nothing but options goes with it, and "${word}" is none of submit.`);
  const { parseJobFile } = await import("../job_file.ts");
  const { command, options } = parseJobFile(file, text, "job");
  if (!command && options.from === undefined)
    throw wrongUsage(`${file}: there is no command. Add one, e.g. command: python3 train.py`);
  return submitJob(command, mergeOptions(options, jobOptionsOf(parser)), {
    ...parser.opts<SubmitOptions>(),
    isSweep: false,
  });
}

/** As sbatch does: options before the script are Runyard's, what comes after it is the script's. */
async function submitScript(parser: Parser, text: string, exact: readonly string[] | null): Promise<number> {
  const [file = "", ...words] = parser.args;
  const own = words.find((word) => isOptionOf(parser, word));
  if (own !== undefined)
    throw wrongUsage(
      `${own} stands behind the script, where its own arguments are. Put it before ${file}; if it is for the script, write -- before its arguments.`,
    );
  const { command, options, script, leftOut } = parseBatchScript(file, text, [...words, ...(exact ?? [])]);
  if (leftOut.length > 0)
    note(
      `${file}: left out, as Runyard does these itself: ${leftOut.join(", ")}. What runs print is shown by: runyard logs`,
    );
  return submitJob(
    command,
    { ...options, pool: "slurm", ...jobOptionsOf(parser) },
    {
      ...parser.opts<SubmitOptions>(),
      isSweep: false,
      script,
    },
  );
}

function isOptionOf(parser: Parser, word: string): boolean {
  const [flag = ""] = word.split("=", 1);
  return flag === "--help" || parser.options.some(({ long }) => long === flag);
}
