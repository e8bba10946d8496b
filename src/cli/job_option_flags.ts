import { type Command, Option } from "commander";
import { type JobOptions, jobOptions, mergeOptions } from "../core/job_options.ts";
import { isMisread } from "../core/option_values.ts";
import { wrongUsage } from "./stop.ts";

/** Gives a command options of a job: those of these flags, or all. */
export function addJobOptions(command: Command, flags?: readonly string[]): void {
  for (const { flag, takes, help, isOptional, repeats, isSecret, read } of jobOptions) {
    if (flags && !flags.includes(flag)) continue;
    const value = takes === null ? "" : isOptional ? ` [${takes}]` : ` <${takes}>`;
    const option = new Option(`--${flag}${value}`, help);
    if (isOptional) option.preset("");
    option.argParser((text: string, earlier: unknown) => {
      const options = read(text);
      if (isMisread(options))
        throw wrongUsage(`--${flag}${isSecret ? "" : ` ${JSON.stringify(text)}`}: ${options.misread}`);
      return repeats && isOptions(earlier) ? mergeOptions(earlier, options) : options;
    });
    command.addOption(option);
  }
}

/** What was given, all options together. */
export function jobOptionsOf(command: Command): Partial<JobOptions> {
  return [...jobOptionsByFlag(command).values()].reduce(mergeOptions, {});
}

/** What each flag was given, for those that were. */
export function jobOptionsByFlag(command: Command): Map<string, Partial<JobOptions>> {
  const given = command.opts<Record<string, unknown>>();
  return new Map(
    jobOptions.flatMap(({ flag, takes, read }) => {
      const value = given[attributeOf(flag)];
      const options = value !== undefined && takes === null ? read("") : value;
      return isOptions(options) ? [[flag, options]] : [];
    }),
  );
}

function attributeOf(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function isOptions(value: unknown): value is Partial<JobOptions> {
  return typeof value === "object" && value !== null && !isMisread(value);
}
