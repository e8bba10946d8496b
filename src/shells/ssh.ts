import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import type { Login } from "../core/login.ts";
import { bad, good, type Result } from "../platform/result.ts";
import type { SshPlace } from "./client.ts";
import { type Link, openConnection } from "./connection.ts";
import { oneLine, type SshProblem, sshProblem, type Trouble } from "./problem.ts";
import { openSession, type Session } from "./session.ts";
import { openSlots } from "./slots.ts";

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
  /** Resolves when the script has ended and stdout has been read; a problem where it is not known how. Never rejects. */
  ended: Promise<Result<{ code: number; stderr: string }, SshProblem>>;
  /** Kills the script with what it has started in its session. */
  kill(): Promise<void>;
}

/** sshd allows 10 on a connection (MaxSessions); two stay free for what ends others. */
const SESSIONS = 8;
const RUN_MS = 30_000;
/** How long a machine may be silent when it is asked for a sign of life. */
const SIGN_OF_LIFE_MS = 5000;
const OUTPUT_BYTES = 4 * 1024 * 1024;

/** A session whose script has begun. */
interface Running {
  link: Link;
  session: Session;
  pid: number;
  /** When it has to be over; as `performance.now()` counts. */
  deadline: number;
}

/** @param machine  the name under which the user knows it */
export function openSshHost(machine: string, login: Login, place: SshPlace): SshHost {
  const connection = openConnection(login, place);
  const slots = openSlots(SESSIONS);
  const sessions = new Set<Session>();
  let slotsFor: Link | null = null;
  let heard = 0;

  const refuse = (trouble: Trouble) => bad(sshProblem(machine, trouble));

  /** A session on a connection, both new if need be, in which the script has begun; null: it has not within the deadline. */
  async function begin(script: string, deadlineMs: number): Promise<Result<Running | null, Trouble>> {
    for (let renewed = false; ; ) {
      const giveBack = await slots.take();
      const linked = await connection.link();
      if (!linked.ok) {
        giveBack();
        return linked;
      }
      const link = linked.value;
      if (slotsFor !== link) slots.reset();
      slotsFor = link;
      const deadline = performance.now() + deadlineMs;
      const session = start(link, script);
      void session.over.then(giveBack);
      const begun = await within(deadlineMs, session.begun);
      if (begun === null) {
        session.drop();
        return (await answers(link, null)) ? good(null) : bad(silent(deadlineMs));
      }
      switch (begun.kind) {
        case "begun":
          return good({ link, session, pid: begun.pid, deadline });
        case "no_shell":
          return bad({ code: "no_shell", said: oneLine(begun.said) });
        case "no_session":
          if (!slots.shrink()) return bad({ code: "no_session" });
          break;
        case "no_master":
          if (renewed) return bad({ code: "broken", reason: "it is gone each time" });
          renewed = true;
          break;
        case "cut":
          if (await connection.isServed(link)) return bad({ code: "no_shell", said: oneLine(begun.said) });
          return bad({ code: "broken", reason: oneLine(begun.said) || "it was closed" });
      }
    }
  }

  function start(link: Link, script: string): Session {
    const session = openSession(link.client, link.master, script, () => {
      heard += 1;
    });
    sessions.add(session);
    void session.over.then(() => sessions.delete(session));
    return session;
  }

  /** Kills a script's session there, where there is one, and tells whether the machine gave any sign of life meanwhile. */
  async function answers(link: Link, pid: number | null): Promise<boolean> {
    const before = heard;
    const probe = start(link, pid === null ? ":" : `kill -s KILL -- -${pid}`);
    await within(SIGN_OF_LIFE_MS, probe.over);
    probe.drop();
    if (heard > before) return true;
    await connection.abandon(link);
    return false;
  }

  /** The end of a session whose script had begun. */
  async function endOf({ link, session }: Running): Promise<Result<{ code: number; stderr: string }, Trouble>> {
    const { code, stderr } = await session.ended;
    // ssh ends so too where the connection broke, and says nothing.
    if (code === 255 && !(await connection.isServed(link))) return bad({ code: "broken", reason: "it was closed" });
    return good({ code, stderr });
  }

  return {
    async connect({ anew = false } = {}) {
      const linked = await connection.link(anew);
      return linked.ok ? good(null) : refuse(linked.problem);
    },

    async run(script, { input = "", deadlineMs = RUN_MS, maxOutputBytes = OUTPUT_BYTES } = {}) {
      const begun = await begin(script, deadlineMs);
      if (!begun.ok) return refuse(begun.problem);
      const nothing = { stdout: Buffer.alloc(0), stderr: "", truncated: false };
      if (begun.value === null) return good({ kind: "timed_out", deadlineMs, ...nothing });
      const running = begun.value;
      const output = collect(running.session.stdout, maxOutputBytes);
      running.session.stdin.end(input);
      const ended = await within(running.deadline - performance.now(), endOf(running));
      if (ended === null) {
        running.session.drop();
        if (!(await answers(running.link, running.pid))) return refuse(silent(deadlineMs));
        const { stderr } = await running.session.ended;
        return good({ kind: "timed_out", deadlineMs, ...output(), stderr });
      }
      return ended.ok ? good({ kind: "exited", ...ended.value, ...output() }) : refuse(ended.problem);
    },

    async open(script, { deadlineMs = RUN_MS } = {}) {
      const begun = await begin(script, deadlineMs);
      if (!begun.ok) return refuse(begun.problem);
      const running = begun.value;
      if (running === null) return refuse({ code: "no_shell", said: `nothing within ${deadlineMs / 1000} s` });
      const { session, link, pid } = running;
      return good({
        stdin: session.stdin,
        stdout: session.stdout,
        ended: endOf(running).then((end) => (end.ok ? end : refuse(end.problem))),
        async kill() {
          session.drop();
          await answers(link, pid);
        },
      });
    },

    async close(all = false) {
      for (const session of sessions) session.drop();
      await connection.close(all);
    },
  };
}

function silent(deadlineMs: number): Trouble {
  return { code: "broken", reason: `nothing came back for ${Math.round((deadlineMs + SIGN_OF_LIFE_MS) / 1000)} s` };
}

/** Null where it takes longer. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  const late = new AbortController();
  try {
    return await Promise.race([promise, pause(Math.max(0, ms), null, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}

function collect(stream: Readable, maxBytes: number): () => { stdout: Buffer; truncated: boolean } {
  const chunks: Buffer[] = [];
  let length = 0;
  let truncated = false;
  stream.on("data", (chunk: Buffer) => {
    if (length + chunk.length > maxBytes) truncated = true;
    const kept = chunk.subarray(0, maxBytes - length);
    length += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  return () => ({ stdout: Buffer.concat(chunks), truncated });
}
