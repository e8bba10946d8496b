import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { constants as osConstants } from "node:os";
import { collect } from "./collect.ts";

export interface CommandOptions {
  /** After this the whole process group is killed. Default 5,000 ms. */
  deadlineMs?: number;
  /** What is kept of each stream; the rest is read and dropped. Default 4 MiB. */
  maxOutputBytes?: number;
  /** Written to stdin, which is empty otherwise. */
  input?: string;
  /** Replaces the environment; absent: this process's own. */
  environment?: Record<string, string | undefined>;
  cwd?: string;
}

export interface CommandOutput {
  stdout: string;
  stderr: string;
  /** Whether a stream was longer than `maxOutputBytes`. */
  truncated: boolean;
}

export type CommandResult =
  /** `code` is the shell-style one: 128 + n after signal n. */
  | ({ kind: "exited"; code: number } & CommandOutput)
  | ({ kind: "timed_out"; deadlineMs: number } & CommandOutput)
  /** There is no such program (or no such `cwd`). */
  | { kind: "missing" }
  | { kind: "not_started"; reason: string };

/** How long the streams may stay open after the command's end: a grandchild can hold them for ever. */
const DRAIN_MS = 250;

/**
 * Runs a short command in a process group of its own. Nothing of it is left when the promise resolves:
 * what the command started and left behind is killed too. Never rejects.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { deadlineMs = 5000, maxOutputBytes = 4 * 1024 * 1024 } = options;
  return new Promise((resolve) => {
    const started = start(file, args, options);
    if (typeof started === "string") return resolve({ kind: "not_started", reason: started });
    const child: ChildProcessWithoutNullStreams = started;
    const stdout = collect(child.stdout, maxOutputBytes);
    const stderr = collect(child.stderr, maxOutputBytes);
    let drainTimer: NodeJS.Timeout | undefined;
    const deadlineTimer = setTimeout(() => finish({ kind: "timed_out", deadlineMs, ...output() }), deadlineMs);

    function output(): CommandOutput {
      return {
        stdout: stdout.bytes().toString("utf8"),
        stderr: stderr.bytes().toString("utf8"),
        truncated: stdout.truncated() || stderr.truncated(),
      };
    }

    function finish(result: CommandResult): void {
      clearTimeout(deadlineTimer);
      clearTimeout(drainTimer);
      if (child.pid !== undefined) killGroup(child.pid);
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
      // A process stuck in the driver ignores even SIGKILL; it must not keep this one from ending.
      child.unref();
      resolve(result);
    }

    child.once("error", (error: NodeJS.ErrnoException) => {
      finish(error.code === "ENOENT" ? { kind: "missing" } : { kind: "not_started", reason: error.message });
    });
    const ended = (code: number | null, signal: NodeJS.Signals | null) =>
      finish({ kind: "exited", code: code ?? 128 + signalNumber(signal), ...output() });
    child.once("exit", (code, signal) => {
      drainTimer = setTimeout(() => ended(code, signal), DRAIN_MS);
    });
    child.once("close", ended);
    // EPIPE where the command does not read its input.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** The child, or why there is none: Node throws for some errors (E2BIG) and emits others. */
function start(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): ChildProcessWithoutNullStreams | string {
  try {
    return spawn(file, args, {
      detached: true,
      stdio: ["pipe", "pipe", "pipe"],
      env: options.environment ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === null ? 0 : (osConstants.signals[signal] ?? 0);
}
