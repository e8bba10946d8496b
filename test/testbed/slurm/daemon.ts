import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { isRunning, killNow } from "../../helpers/processes_of.ts";
import { until } from "../../helpers/until.ts";

export interface Daemon {
  /** Throws where it is down. */
  pid(): number;
  isUp(): boolean;
  /** Resolves once it does its work. */
  start(): Promise<void>;
  /** Asks it to end, and waits until it has. */
  stop(): Promise<void>;
  /** Ends it at once; a node with all its jobs, as a power cut does. */
  kill(): Promise<void>;
}

interface DaemonParts {
  program: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  /** What it says in the foreground goes there. */
  log: string;
  isReady(): boolean | Promise<boolean>;
  /** Default: it alone is killed. */
  kill?(): Promise<void>;
}

/** A daemon that is down; it runs in a session of its own, so that what is sent to the test's terminal does not reach it. */
export function openDaemon({ program, args, env, log, isReady, kill }: DaemonParts): Daemon {
  let pid: number | null = null;
  let gone: Promise<unknown> = Promise.resolve();
  const isUp = () => pid !== null && isRunning(pid);
  const daemon: Daemon = {
    isUp,
    pid() {
      if (pid === null || !isUp()) throw new Error(`${program} is down`);
      return pid;
    },
    async start() {
      if (isUp()) throw new Error(`${program} is up`);
      const output = openSync(log, "a");
      const child = spawn(program, args, { env, detached: true, stdio: ["ignore", output, output] });
      closeSync(output);
      gone = once(child, "exit");
      pid = child.pid ?? null;
      try {
        await until(async () => !isUp() || (await isReady()), "it does its work");
        if (!isUp()) throw new Error("it has ended");
      } catch (error) {
        throw new Error(`${program} does not start: ${readFileSync(log, "utf8")}`, { cause: error });
      }
    },
    async stop() {
      const stopping = daemon.pid();
      killNow(stopping, "SIGTERM");
      killNow(stopping, "SIGCONT");
      await gone;
    },
    async kill() {
      if (kill) await kill();
      else killNow(daemon.pid());
      await gone;
    },
  };
  return daemon;
}
