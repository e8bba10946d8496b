/** What ends a command early: worded for people, with a code for programs and the exit code of the process. */
export interface Stop {
  code: string;
  message: string;
  exitCode: number;
}

/** A stop on its way to the one place that prints it, as a line or as JSON. */
interface StoppedCommand extends Error {
  stop: Stop;
}

export function stopWith(stop: Stop): StoppedCommand {
  return Object.assign(new Error(stop.message), { stop });
}

/** Bad input: nothing was queued. */
export function wrongUsage(message: string): StoppedCommand {
  return stopWith({ code: "usage", message, exitCode: 2 });
}

export function isStoppedCommand(error: unknown): error is StoppedCommand {
  return error instanceof Error && "stop" in error;
}

/** What the shell expects of a process that Ctrl-C ended. */
export const INTERRUPTED = 130;
