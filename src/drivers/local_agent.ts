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

export interface LocalAgentOptions {
  /** What starts an agent: program and arguments. */
  command: string[];
  /** When the yard heard an agent of this machine last, epoch ms; null: never. */
  heardAt: () => number | null;
  /** Told when no agent comes up, in words for people; all is well again when one is heard. */
  onTrouble: (trouble: string) => void;
  log: (text: string) => void;
}

const LOOK_MS = 300;
/** An agent that ended is not started again sooner; one that ended unheard is given twice as long each time. */
const PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;
/** One that fails so soon after its start will fail again. */
const YOUNG_MS = 10_000;
/** Tools that tell of GPUs may hang for some seconds before an agent speaks. */
const HEARD_WITHIN_MS = 20_000;
/** A look at the GPUs that hangs may hold it up for longer. */
const GONE_WITHIN_MS = 2000;

export function keepLocalAgent(home: Home, { command, heardAt, onTrouble, log }: LocalAgentOptions): LocalAgent {
  /** When an agent was started last, or this began to look after one. */
  let since = performance.now();
  /** Whoever is heard after that is the one that was started then. */
  let heardBefore = heardAt();
  let notBefore = since;
  let failures = 0;
  let isStopped = false;
  let starting: number | null = null;
  let outdated: number | null = null;
  const timer = setInterval(look, LOOK_MS);
  look();

  function look(): void {
    const running = runningAgent(home);
    if ((running !== null || starting !== null) && isUnheard() && performance.now() - since > HEARD_WITHIN_MS) {
      onTrouble(`its agent runs and does not speak to the yard: see why in ${home.agentLog}`);
    }
    if (running !== null) {
      starting = null;
      if (running.version !== version && running.pid !== outdated) {
        outdated = running.pid;
        log(`the agent of version ${running.version} is replaced by ${version}; what runs goes on`);
        process.kill(running.pid, "SIGTERM");
      }
      return;
    }
    if (starting !== null || performance.now() < notBefore) return;
    since = performance.now();
    heardBefore = heardAt();
    notBefore = since + PAUSE_MS;
    starting = start();
  }

  function isUnheard(): boolean {
    return heardAt() === heardBefore;
  }

  /** @param how  e.g. `exit code 1` */
  function ended(how: string, hasFailed: boolean): void {
    starting = null;
    if (isStopped) return;
    failures = isUnheard() || (hasFailed && performance.now() - since < YOUNG_MS) ? failures + 1 : 0;
    if (failures === 0) {
      log(`the agent of this machine ended (${how}); another one is started`);
      return;
    }
    const pauseMs = Math.min(PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    notBefore = performance.now() + pauseMs;
    log(`the agent of this machine does not stay up (${how}); it is tried again in ${pauseMs / 1000} s`);
    const often = failures === 1 ? "" : `, ${failures} times in a row`;
    const next = `tried again within ${LONGEST_PAUSE_MS / 1000} s`;
    onTrouble(`its agent does not stay up (${how}${often}): see why in ${home.agentLog}; ${next}`);
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
    child.once("error", (error) => ended(error.message, true));
    child.once("exit", (code, signal) => ended(signal ?? `exit code ${code}`, code !== 0 && signal === null));
    child.unref();
    return child.pid ?? null;
  }

  return {
    async stop(withAgent) {
      isStopped = true;
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
