import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, realpathSync, statfsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { printable } from "../core/printable.ts";
import { type Home, makeHome, readJsonFile, type YardAddress } from "../platform/home.ts";
import { httpRequest } from "../platform/http.ts";
import { leanNodeFlags } from "../platform/lean_node.ts";
import { isAlive } from "../platform/processes.ts";
import { stopWith } from "./stop.ts";

/** How the lock's holder makes itself known to a second yard of the same home (EX_TEMPFAIL). */
const ANOTHER_HAS_THE_LOCK = 75;
const READY_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 20;
const WITHDRAWN_WITHIN_MS = 2000;

/** What speaks of a run, of another yard or of this command alone. */
const LEFT_BEHIND =
  /^RUNYARD_(RUN|JOB|ATTEMPT|TRY|PARAMS|PARAMS_FILE|EVENTS|CHECKPOINTS|RANK|WORLD_SIZE|HOSTS|PORT|YARD|TOKEN_FILE)$/;

/** The yard of a home, if it runs and answers. `silent`: its process is there, but does not answer. */
export async function findYard(home: Home): Promise<YardAddress | "none" | "silent"> {
  const address = readJsonFile<YardAddress>(home.address);
  if (!address || !isAlive(address)) return "none";
  const answer = await httpRequest({
    method: "GET",
    url: `${address.url}/healthz`,
    headers: {},
    silenceMs: 5000,
  }).catch(() => null);
  if (answer?.status !== 200) return "silent";
  return JSON.parse(answer.body.toString("utf8")).yard === address.yard ? address : "none";
}

/**
 * Starts a yard in the background and waits until it is ready. Where several are started at once, one wins and all wait for it.
 * `isOurs` says whether it was this one.
 *
 * @param options  for `runyard up --foreground`
 * @param database  PostgreSQL URL; it may hold a password, so it travels in the environment. Null: the home's own file
 */
export async function startYard(
  home: Home,
  options: readonly string[],
  database: string | null,
): Promise<{ address: YardAddress; isOurs: boolean }> {
  const objection = makeHome(home);
  if (objection !== null) {
    const message = `The folder ${home.folder} cannot be a yard's home: ${objection}. Name another one in RUNYARD_HOME.`;
    throw stopWith({ code: "no_home", message, exitCode: 3 });
  }
  const log = openSync(home.yardLog, "a", 0o600);
  const logStart = statSync(home.yardLog).size;
  const child = spawnYard(home, options, database, log);
  closeSync(log);
  let exit: number | null = null;
  child.once("exit", (code, signal) => {
    exit = code ?? (signal === null ? 1 : 128);
  });
  child.once("error", () => {
    exit = 1;
  });
  for (const deadline = Date.now() + READY_WITHIN_MS; Date.now() < deadline; await after(LOOK_EVERY_MS)) {
    const found = await findYard(home);
    if (typeof found === "object") {
      const isOurs = found.pid === child.pid;
      if (!isOurs && exit === null) await withdraw(child);
      child.unref();
      return { address: found, isOurs };
    }
    if (exit !== null && exit !== ANOTHER_HAS_THE_LOCK)
      throw notStarted(home, logStart, exit, "The yard did not start");
  }
  child.unref();
  throw notStarted(home, logStart, exit, `The yard was not ready within ${READY_WITHIN_MS / 1000} s`);
}

/** Of several that were started one has won. Ours must not come to it later, when that one was asked to stop. */
async function withdraw(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  if (child.kill("SIGTERM")) await Promise.race([ended, after(WITHDRAWN_WITHIN_MS, undefined, { ref: false })]);
}

function spawnYard(home: Home, options: readonly string[], database: string | null, log: number): ChildProcess {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !LEFT_BEHIND.test(name)));
  environment["RUNYARD_HOME"] = home.folder;
  // The yard works in no folder of ours.
  if (environment["RUNYARD_SPOOL"]) environment["RUNYARD_SPOOL"] = resolve(environment["RUNYARD_SPOOL"]);
  if (database !== null) environment["RUNYARD_DATABASE"] = database;
  // npx runs a link in its cache, which may be gone when the yard starts its agent.
  const program = realpathSync(process.argv[1] ?? "");
  return spawn(process.execPath, [...process.execArgv, ...leanNodeFlags, program, "up", "--foreground", ...options], {
    cwd: "/",
    env: environment,
    stdio: ["ignore", log, log],
    detached: true,
  });
}

/** @param exit  what the yard's process ended with: 2 says that it was asked for something it cannot do */
function notStarted(home: Home, logStart: number, exit: number | null, what: string) {
  const lines = readFileSync(home.yardLog).subarray(logStart).toString("utf8").trim().split("\n").slice(-10);
  const said = lines.map((line) => `  ${printable(line)}`).join("\n");
  const silence = isFull(home.folder) ? `The disk of ${home.folder} is full: free some space.` : "It said nothing.";
  const message = `${what}. ${said.trim() === "" ? silence : `Its last words:\n${said}`}\nThe whole log: ${home.yardLog}`;
  return stopWith({ code: "not_started", message, exitCode: exit === 2 ? 2 : 3 });
}

/** Nothing can be written there, not even a log. */
function isFull(folder: string): boolean {
  return statfsSync(folder).bavail === 0;
}

/** Waits until a yard's process is gone; false where it is still there after `withinMs`. */
export async function yardIsGone(address: YardAddress, withinMs: number): Promise<boolean> {
  for (const deadline = Date.now() + withinMs; isAlive(address); await after(LOOK_EVERY_MS)) {
    if (Date.now() > deadline) return false;
  }
  return true;
}
