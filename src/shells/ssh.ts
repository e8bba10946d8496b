import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { Login } from "../core/login.ts";
import { collect } from "../platform/collect.ts";
import { bad, good, type Result } from "../platform/result.ts";
import type { SshPlace } from "./client.ts";
import { openConnection } from "./connection.ts";
import { type SshProblem, sshProblem, type Trouble } from "./problem.ts";
import { openSessions, silent, within } from "./sessions.ts";

/**
 * A machine behind ssh. Every script is POSIX sh, whatever the login shell there, and leads a session of its own. All go over
 * one connection, which outlives this process: the next yard finds it. Nothing here tries again by itself, but where it is
 * sure that nothing was run; the caller paces.
 */
export interface SshHost {
  /**
   * Makes sure that there is a connection: one login, however many ask. Never asks or pushes. `anew`: tries also a machine
   * that is known to ask, as somebody who is there wants to know.
   */
  connect(options?: { anew?: boolean }): Promise<Result<null, SshProblem>>;
  /** Runs a script to its end, connecting first where needed. */
  run(script: string, options?: RunOptions): Promise<Result<SshResult, SshProblem>>;
  /** Starts a script, and resolves when it has begun. Takes one of the connection's sessions until it has ended. */
  open(script: string, options?: { deadlineMs?: number }): Promise<Result<SshChannel, SshProblem>>;
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

export type SshResult =
  /** `code` is 255 too where a signal has ended the script. */
  ({ kind: "exited"; code: number } | { kind: "timed_out"; deadlineMs: number }) & SshOutput;

export interface SshOutput {
  stdout: Buffer;
  /** Its last 64 KiB. */
  stderr: string;
  /** Whether stdout was longer than `maxOutputBytes`. */
  truncated: boolean;
}

export interface SshChannel {
  stdin: Writable;
  stdout: Readable;
  /** Resolves when the script has ended; a problem where it is not known how. What nobody has read yet waits in stdout. */
  ended: Promise<Result<{ code: number; stderr: string }, SshProblem>>;
  /** Kills the script with what it has started in its session. */
  kill(): Promise<void>;
}

const RUN_MS = 30_000;
const OUTPUT_BYTES = 4 * 1024 * 1024;

/** @param machine  the name under which the user knows it */
export function openSshHost(machine: string, login: Login, place: SshPlace): SshHost {
  const connection = openConnection(login, place);
  const sessions = openSessions(connection);
  const refuse = (trouble: Trouble) => bad(sshProblem(machine, trouble));

  return {
    async connect({ anew = false } = {}) {
      const linked = await connection.link(anew);
      return linked.ok ? good(null) : refuse(linked.problem);
    },

    async run(script, { input = "", deadlineMs = RUN_MS, maxOutputBytes = OUTPUT_BYTES } = {}) {
      const begun = await sessions.begin(script, deadlineMs);
      if (!begun.ok) return refuse(begun.problem);
      const running = begun.value;
      if (running === null) {
        return good({ kind: "timed_out", deadlineMs, stdout: Buffer.alloc(0), stderr: "", truncated: false });
      }
      const { bytes, truncated } = collect(running.stdout, maxOutputBytes);
      const output = () => ({ stdout: bytes(), truncated: truncated() });
      const allRead = finished(running.stdout, { writable: false }).catch(() => {});
      running.stdin.end(input);
      const both = Promise.all([sessions.end(running), allRead]);
      const ended = await within(running.deadline - performance.now(), both);
      if (ended === null) {
        if (!(await sessions.kill(running))) return refuse(silent(deadlineMs));
        return good({ kind: "timed_out", deadlineMs, ...output(), stderr: (await running.ended).stderr });
      }
      const [end] = ended;
      return end.ok ? good({ kind: "exited", ...end.value, ...output() }) : refuse(end.problem);
    },

    async open(script, { deadlineMs = RUN_MS } = {}) {
      const begun = await sessions.begin(script, deadlineMs);
      if (!begun.ok) return refuse(begun.problem);
      const running = begun.value;
      if (running === null) return refuse({ code: "no_shell", said: `nothing within ${deadlineMs / 1000} s` });
      return good({
        stdin: running.stdin,
        stdout: running.stdout,
        ended: sessions.end(running).then((end) => (end.ok ? end : refuse(end.problem))),
        async kill() {
          await sessions.kill(running);
        },
      });
    },

    async close(all = false) {
      sessions.dropAll();
      await connection.close(all);
    },
  };
}
