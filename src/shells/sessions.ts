import { setTimeout as pause } from "node:timers/promises";
import { bad, good, type Result } from "../platform/result.ts";
import type { Connection, Link } from "./connection.ts";
import { oneLine, type Trouble } from "./problem.ts";
import { openSession, type Session } from "./session.ts";
import { openSlots } from "./slots.ts";

/** A session whose script has begun. */
export interface Running extends Session {
  link: Link;
  /** The script's sh, which leads its session there. */
  pid: number;
  /** When it has to be over; as `performance.now()` counts. */
  deadline: number;
}

/** The sessions on a machine's connection, as many at once as that allows. */
export interface Sessions {
  /** A session in which the script has begun; null: it has not within the deadline. Where there is no room it waits in line. */
  begin(script: string, deadlineMs: number): Promise<Result<Running | null, Trouble>>;
  /** How a script has ended that had begun. */
  end(running: Running): Promise<Result<{ code: number; stderr: string }, Trouble>>;
  /** Kills a script with what it has started in its session. False where the machine gives no sign of life meanwhile. */
  kill(running: Running): Promise<boolean>;
  /** Ends this side of all of them. */
  dropAll(): void;
}

/** sshd allows 10 on a connection (MaxSessions); two stay free for what ends others. */
const SESSIONS = 8;
/** How long a machine may be silent when it is asked for a sign of life. */
const SIGN_OF_LIFE_MS = 5000;

export function openSessions(connection: Connection): Sessions {
  const slots = openSlots(SESSIONS);
  const open = new Set<Session>();
  let slotsFor: Link | null = null;
  let heard = 0;

  function start(link: Link, script: string): Session {
    const session = openSession(link.client, link.master, script, () => {
      heard += 1;
    });
    open.add(session);
    void session.over.then(() => open.delete(session));
    return session;
  }

  /** One try, by whoever has a slot. What it answers in a word means that nothing was run. */
  async function tryToBegin(
    script: string,
    deadlineMs: number,
  ): Promise<Result<Running | null, Trouble> | "no_room" | "no_master"> {
    const linked = await connection.link();
    if (!linked.ok) return linked;
    const link = linked.value;
    if (slotsFor !== link) slots.reset();
    slotsFor = link;
    const deadline = performance.now() + deadlineMs;
    const session = start(link, script);
    const begun = await within(deadlineMs, session.begun);
    if (begun === null) {
      session.drop();
      return (await answers(link, ":")) ? good(null) : bad(silent(deadlineMs));
    }
    switch (begun.kind) {
      case "begun":
        return good({ ...session, link, pid: begun.pid, deadline });
      case "no_session":
        return slots.shrink() ? "no_room" : bad({ code: "no_session" });
      case "no_master":
        connection.forget(link);
        return "no_master";
      case "no_shell":
        return bad({ code: "no_shell", said: oneLine(begun.said) });
      case "cut":
        if (await connection.isServed(link)) return bad({ code: "no_shell", said: oneLine(begun.said) });
        return bad({ code: "broken", reason: oneLine(begun.said) || "it was closed" });
    }
  }

  /** Runs a script for the sign of life that it is; a connection without one is given up. */
  async function answers(link: Link, script: string): Promise<boolean> {
    const before = heard;
    const probe = start(link, script);
    await within(SIGN_OF_LIFE_MS, probe.over);
    probe.drop();
    if (heard > before) return true;
    await connection.abandon(link);
    return false;
  }

  return {
    async begin(script, deadlineMs) {
      // Before standing in line: where there is no way, all hear of it at once.
      const linked = await connection.link();
      if (!linked.ok) return linked;
      for (let renewed = false; ; ) {
        const giveBack = await slots.take();
        const begun = await tryToBegin(script, deadlineMs);
        if (typeof begun !== "string" && begun.ok && begun.value !== null) void begun.value.over.then(giveBack);
        else giveBack();
        if (begun === "no_room") continue;
        if (begun !== "no_master") return begun;
        if (renewed) return bad({ code: "broken", reason: "it was gone at once, twice" });
        renewed = true;
      }
    },

    async end(running) {
      const { code, stderr } = await running.ended;
      // ssh ends so too where the connection broke, and says nothing.
      if (code === 255 && !(await connection.isServed(running.link))) {
        return bad({ code: "broken", reason: "it was closed" });
      }
      return good({ code, stderr });
    },

    kill(running) {
      running.drop();
      return answers(running.link, `kill -s KILL -- -${running.pid}`);
    },

    dropAll() {
      for (const session of open) session.drop();
    },
  };
}

export function silent(deadlineMs: number): Trouble {
  return { code: "broken", reason: `nothing came back for ${Math.round((deadlineMs + SIGN_OF_LIFE_MS) / 1000)} s` };
}

/** Null where it takes longer. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  const late = new AbortController();
  try {
    return await Promise.race([promise, pause(Math.max(0, ms), null, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}
