import { runCommand } from "../platform/subprocess.ts";
import { failed, type Outcome, told } from "./outcome.ts";

const DEADLINE_MS = 30_000;
const MOST_OUTPUT_BYTES = 64 * 1024;

/**
 * Executes an administrator's command with the notice as JSON on its stdin: no shell, and of the yard's environment
 * only what a program needs to find others.
 */
export async function execute(
  [program = "", ...args]: readonly string[],
  input: string,
  log: (text: string) => void,
): Promise<Outcome> {
  const { PATH, HOME, LANG, TZ } = process.env;
  const result = await runCommand(program, args, {
    input,
    deadlineMs: DEADLINE_MS,
    maxOutputBytes: MOST_OUTPUT_BYTES,
    environment: { PATH, HOME, LANG, TZ },
    cwd: "/",
  });
  switch (result.kind) {
    case "missing":
      return failed("There is no such program on the yard's machine.");
    case "not_started":
      return failed(`The command cannot be started: ${result.reason}.`);
    case "timed_out":
      return failed(`The command has not ended in ${DEADLINE_MS / 1000} s.`);
    case "exited":
      if (result.code === 0) return told;
      // What it says may not be for the eyes of who is to be told.
      log(`the command ${program} for a notice ended with exit code ${result.code}: ${result.stderr.slice(0, 2000)}`);
      return failed(`The command ended with exit code ${result.code}.`);
  }
}
