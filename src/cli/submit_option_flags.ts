import type { Command } from "commander";

/** What happens around a submission. */
export interface SubmitOptions {
  follow?: boolean;
  wait?: boolean;
  json?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  exitCode?: boolean;
}

export function addSubmitOptions(command: Command): void {
  command
    .option("--follow", "show what it prints, or how a sweep goes, until it has ended")
    .option("--wait", "return when it has ended: 0 if all went well, else 1")
    .option("--exit-code", "with --wait or --follow: end with the code of the only run")
    .option("--dry-run", "print the commands, one a line, and submit nothing")
    .option("--yes", "do not ask before submitting more than one run")
    .option("--json", "print JSON");
}
