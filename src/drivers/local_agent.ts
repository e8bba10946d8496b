import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type AgentNote, type Home, readJsonFile } from "../platform/home.ts";
import { identify, isAlive } from "../platform/processes.ts";
import { version } from "../platform/version.ts";

/** Sees to it that this machine has an agent. It is a process of its own, and outlives the yard. */
export interface LocalAgent {
  /** Ends the agent too where `withAgent`, and waits a moment for that; what runs goes on in either case. */
  stop(withAgent: boolean): Promise<void>;
}

const LOOK_MS = 300;
/** An agent that ended is not started again sooner: one that cannot start must not be started for ever. */
const PAUSE_MS = 1000;
/** A look at the GPUs that hangs may hold it up for longer. */
const GONE_WITHIN_MS = 2000;

/** @param command  what starts an agent: program and arguments */
export function keepLocalAgent(home: Home, command: string[], log: (text: string) => void): LocalAgent {
  let startedAt = Number.NEGATIVE_INFINITY;
  let starting: number | null = null;
  let outdated: number | null = null;
  const timer = setInterval(look, LOOK_MS);
  look();

  function look(): void {
    const running = runningAgent(home);
    if (running !== null) {
      starting = null;
      if (running.version !== version && running.pid !== outdated) {
        outdated = running.pid;
        log(`the agent of version ${running.version} is replaced by ${version}; what runs goes on`);
        process.kill(running.pid, "SIGTERM");
      }
      return;
    }
    if (starting !== null || performance.now() - startedAt < PAUSE_MS) return;
    startedAt = performance.now();
    starting = start();
  }

  function start(): number | null {
    const [program = process.execPath, ...args] = command;
    const { RUNYARD_DATABASE: _, ...withoutDatabase } = process.env;
    const out = openSync(home.agentLog, "a", 0o600);
    const child = spawn(program, args, {
      cwd: "/",
      detached: true,
      stdio: ["ignore", out, out],
      env: { ...withoutDatabase, RUNYARD_HOME: home.folder, RUNYARD_SPOOL: home.spool, RUNYARD_OWN: "1" },
    });
    closeSync(out);
    child.once("error", (error) => log(`the agent of this machine cannot be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      starting = null;
      if (code !== 0) log(`the agent of this machine ended (${signal ?? `exit code ${code}`}); another one is started`);
    });
    child.unref();
    return child.pid ?? null;
  }

  return {
    async stop(withAgent) {
      clearInterval(timer);
      const agent = runningAgent(home) ?? (starting === null ? null : identify(starting));
      if (!withAgent || agent === null) return;
      process.kill(agent.pid, "SIGTERM");
      const deadline = performance.now() + GONE_WITHIN_MS;
      while (isAlive(agent) && performance.now() < deadline) await sleep(20);
    },
  };
}

function runningAgent(home: Home): AgentNote | null {
  const note = readJsonFile<AgentNote>(home.agent);
  return note && isAlive(note) ? note : null;
}
