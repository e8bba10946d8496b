import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Login } from "../core/login.ts";
import { identify, isAlive, type ProcessIdentity } from "../platform/processes.ts";
import { runSsh, type SshClient, type SshPlace } from "./client.ts";

/** An ssh in the background that holds a connection, and lets sessions through it. */
export interface Master {
  /** The name of its control socket, in the yard's folder. */
  socket: string;
  process: ProcessIdentity;
}

/** A connection of each kind may be there at once; the one that somebody logged in for comes first. */
export interface Sockets {
  /** What the yard opens by itself. */
  own: string;
  /** What `machines login` opens. */
  attended: string;
  /** Not a socket: marks that logging in to the machine by itself could ask somebody. */
  asks: string;
}

/** The same for every yard of a home, so that the next one finds what an earlier one has opened. */
export function socketsOf(login: Login, place: SshPlace): Sockets {
  // A home may lie on a file system that several machines share; a socket is of use on one of them.
  const all = [login.host, login.user, login.port, login.key, login.hostKey, place.config, hostname()];
  const hash = createHash("sha256").update(JSON.stringify(all)).digest("hex").slice(0, 12);
  // For whoever looks with `ps`, where a master is called `ssh: lab1-0123456789ab [mux]`.
  const own = `${login.host.replace(/[^A-Za-z0-9.-]/g, "_").slice(0, 30)}-${hash}`;
  return { own, attended: `${own}.login`, asks: `${own}.asks` };
}

/** For what goes through a master: nothing of the user's ssh_config matters to it. */
export function throughSocket(socket: string): string[] {
  return ["-F", "/dev/null", "-S", socket];
}

/** How long a master may take for an answer that needs no network. */
const CHECK_MS = 3000;

/** The master behind a socket; null where nobody answers there. */
export async function findMaster(client: SshClient, socket: string): Promise<Master | null> {
  const path = join(client.place.folder, socket);
  if (!existsSync(path)) return null;
  const answer = await runSsh(client, [...throughSocket(socket), "-O", "check", "--", "machine"], CHECK_MS);
  // One that is stopped or hangs; the next has to have the socket's name.
  if (answer.kind === "timed_out") rmSync(path, { force: true });
  const pid = answer.kind === "exited" ? /Master running \(pid=(\d+)\)/.exec(answer.stderr)?.[1] : undefined;
  const found = pid === undefined ? null : identify(Number(pid));
  return found === null ? null : { socket, process: found };
}

/** How long a master may take to leave once it is asked to. */
const LEAVING_MS = 1000;

/** Ends a master with all its sessions, and takes its socket away. */
export async function endMaster(client: SshClient, master: Master): Promise<void> {
  await runSsh(client, [...throughSocket(master.socket), "-O", "exit", "--", "machine"], LEAVING_MS);
  for (const deadline = Date.now() + LEAVING_MS; isAlive(master.process) && Date.now() < deadline; ) await pause(10);
  if (isAlive(master.process)) killNow(master.process.pid);
  rmSync(join(client.place.folder, master.socket), { force: true });
}

/** How long the streams may stay open after ssh's end: an older one leaves stderr to the master. */
const DRAIN_MS = 250;

/**
 * Logs in, and leaves a master in the background, which is nobody's child and ends 10 minutes after its last session.
 * Two that do so at the same time both succeed, and one of them is the master.
 *
 * @returns what ssh said, for where there is no master afterwards; null: nothing within the deadline
 */
export function startMaster(
  client: SshClient,
  socket: string,
  args: readonly string[],
  deadlineMs: number,
): Promise<string | null> {
  const options = ["-S", socket, "-o", "ControlMaster=auto", "-o", "ControlPersist=600"];
  return new Promise((resolve) => {
    // In a session of its own: no terminal to ask on, and no Ctrl-C from one.
    const child = spawn(client.program, [...options, ...args, "exit 0"], {
      cwd: client.place.folder,
      env: client.environment,
      detached: true,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    let drain: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => void giveUp(), deadlineMs);
    const finish = (answer: string | null) => {
      clearTimeout(deadline);
      clearTimeout(drain);
      child.stderr.destroy();
      resolve(answer);
    };
    async function giveUp(): Promise<void> {
      const isThere = (await findMaster(client, socket)) !== null;
      // What else is in its process group (a ProxyCommand) carries the master's connection, where there is one.
      if (child.pid !== undefined && child.exitCode === null) killNow(isThere ? child.pid : -child.pid);
      finish(null);
    }
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-16_384);
    });
    child.once("error", (error) => finish(error.message));
    child.once("exit", () => {
      drain = setTimeout(() => finish(said), DRAIN_MS);
    });
    child.once("close", () => finish(said));
  });
}

function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}
