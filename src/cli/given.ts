import type { Command as Parser } from "commander";
import type { Command } from "../core/command.ts";
import type { JobOptions } from "../core/job_options.ts";
import { commandFromWords } from "./command_words.ts";
import { addJobOptions, jobOptionsByFlag } from "./job_option_flags.ts";
import { wrongUsage } from "./stop.ts";
import { addSubmitOptions, type SubmitOptions } from "./submit_option_flags.ts";

/** What a command line of `run` or `sweep` says. */
export interface Given {
  command: Command | null;
  /** What each flag was given. */
  byFlag: Map<string, Partial<JobOptions>>;
  how: SubmitOptions;
}

/** Gives a parser the command line that `run` and `sweep` have. */
export function takeCommandLine(parser: Parser): void {
  parser.usage("[options] -- COMMAND [ARGUMENT...]").argument("[command...]", "without --: one text for the shell");
  parser.passThroughOptions();
  addJobOptions(parser);
  addSubmitOptions(parser);
}

/** @param exact  the words after `--`; null: there is none */
export function givenTo(parser: Parser, exact: readonly string[] | null): Given {
  const command = commandFromWords(parser.args, exact);
  if (command && "unclear" in command) {
    throw wrongUsage(
      `"${command.unclear}" is a text for the shell, and what follows it is not part of it. Put options before the text; before a program with its arguments write --.`,
    );
  }
  return { command, byFlag: jobOptionsByFlag(parser), how: parser.opts<SubmitOptions>() };
}
