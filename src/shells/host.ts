import type { Readable, Writable } from "node:stream";
import type { Result } from "../platform/result.ts";
import type { SshProblem } from "./problem.ts";

/**
 * Where scripts run: a machine behind ssh, or this one. Every script is POSIX sh, whatever the login shell there, and leads a
 * session of its own. Nothing here tries again by itself, but where it is sure that nothing was run; the caller paces.
 */
export interface Host {
  /**
   * Makes sure that there is a connection: one login, however many ask. Never asks or pushes. `anew`: tries also a machine
   * that is known to ask, as somebody who is there wants to know.
   */
  connect(options?: { anew?: boolean }): Promise<Result<null, SshProblem>>;
  /** Runs a script to its end, connecting first where needed. */
  run(script: string, options?: RunOptions): Promise<Result<RunResult, SshProblem>>;
  /** Starts a script, and resolves when it has begun. Takes one of the connection's sessions until it has ended. */
  open(script: string, options?: { deadlineMs?: number }): Promise<Result<Channel, SshProblem>>;
  /** Drops what runs, and ends the connection if this process has opened it; `all`: also that of `machines login`. */
  close(all?: boolean): Promise<void>;
}

export interface RunOptions {
  /** The script's stdin; empty otherwise. */
  input?: string | Uint8Array;
  /** Counts from where there is a session. Then the script is killed with what it has started. Default 30,000 ms. */
  deadlineMs?: number;
  /** What is kept of stdout; the rest is read and dropped. Default 4 MiB. */
  maxOutputBytes?: number;
}

export type RunResult =
  /** `code` is 255 too where a signal has ended the script. */
  ({ kind: "exited"; code: number } | { kind: "timed_out"; deadlineMs: number }) & RunOutput;

export interface RunOutput {
  stdout: Buffer;
  /** Its last 64 KiB. */
  stderr: string;
  /** Whether stdout was longer than `maxOutputBytes`. */
  truncated: boolean;
}

export interface Channel {
  stdin: Writable;
  stdout: Readable;
  /** Resolves when the script has ended; a problem where it is not known how. What nobody has read yet waits in stdout. */
  ended: Promise<Result<{ code: number; stderr: string }, SshProblem>>;
  /** Kills the script with what it has started in its session. */
  kill(): Promise<void>;
}
