import { randomInt, randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { fileURLToPath } from "node:url";
import type { ServeOptions } from "../cli/program.ts";
import { loginEnvironment } from "../core/environment.ts";
import { openOutlook } from "../core/outlook.ts";
import { openPending } from "../core/pending.ts";
import { openPresence } from "../core/presence.ts";
import { openReasons } from "../core/reasons.ts";
import type { AttemptId } from "../core/run.ts";
import { openDesk } from "../dispatch/desk.ts";
import { openUses } from "../dispatch/uses.ts";
import { openWorks } from "../dispatch/works.ts";
import { agentDriver } from "../drivers/agent.ts";
import { keepLocalAgent, type LocalAgent } from "../drivers/local_agent.ts";
import { slurmDriver } from "../drivers/slurm/driver.ts";
import { sshDriver } from "../drivers/ssh/driver.ts";
import { type Files, openFiles } from "../files/open_files.ts";
import { describeFileProblem } from "../files/problem.ts";
import { openBell } from "../platform/bell.ts";
import { systemClock } from "../platform/clock.ts";
import {
  type Home,
  homeOf,
  makeHome,
  readJsonFile,
  readToken,
  writeJsonFile,
  writeSecretFile,
  type YardAddress,
} from "../platform/home.ts";
import { leanNodeFlags, openRest } from "../platform/lean_node.ts";
import { identify } from "../platform/processes.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { version } from "../platform/version.ts";
import { type Loop, startLoop } from "../scheduler/loop.ts";
import { hashToken, issueToken, openAuthority } from "../server/auth.ts";
import { openEnquire } from "../server/enquire.ts";
import { openServer } from "../server/server.ts";
import type { Yard } from "../server/yard.ts";
import { sshPlace } from "../shells/client.ts";
import { countWork } from "../store/jobs.ts";
import { takeLock } from "../store/lock.ts";
import { selectMachines } from "../store/machines.ts";
import type { Store } from "../store/store.ts";
import { type Role, selectValidToken } from "../store/tokens.ts";
import { type OpenedStore, openDatabase } from "./database.ts";
import { listen, refuseToListen } from "./listen.ts";
import { logLine, logSparingly } from "./log.ts";
import { startNotifying } from "./notify.ts";
import { isRefusal } from "./refusal.ts";
import { spoolPlace } from "./spool_place.ts";

/** sysexits' EX_TEMPFAIL: another yard serves this home, ask that one. */
const TAKEN = 75;
const REFUSED = 2;
/** New work is refused while less than this is free on the yard's disk. */
const FLOOR_BYTES = 200 * 1024 * 1024;
const UPKEEP_MS = 2000;

/** Ports for the workers of attempts: below those that kernels give to whoever asks for any. */
const FIRST_PORT = 20_000;
const LAST_PORT = 30_000;

/** Serves the home's yard until it is asked to end. Returns the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  process.umask(0o077);
  const home = homeOf(process.env);
  const unfit = makeHome(home);
  if (unfit !== null) return say(REFUSED, `The folder ${home.folder} cannot be a yard's home: ${unfit}.`);
  const lock = takeLock(home.lock);
  if (!lock) return say(TAKEN, `Another yard serves ${home.folder}.`);
  const objection = refuseToListen(options);
  if (objection) return say(REFUSED, objection.refusal);
  const files = await openFiles(home.files);
  if (!files.ok) return say(REFUSED, describeFileProblem(files.problem));
  const opened = await openDatabase(home, options);
  if (isRefusal(opened)) return say(REFUSED, opened.refusal);
  const spool = spoolPlace(home, process.env["RUNYARD_SPOOL"], (await countWork(opened.store.read)).running);
  if (typeof spool !== "string") return say(REFUSED, spool.refusal);
  await ensureTokens(opened.store, home);

  const rest = openRest(systemClock.steady);
  opened.store.changes.hear((changes) => {
    // Machines say every few seconds how they are.
    if (changes.some(({ kind }) => kind !== "machine")) rest.stir();
  });
  const stopped = Promise.withResolvers<void>();
  let url = "";
  let loop: Loop | null = null;
  if (options.url !== null) writeFileSync(home.publicUrl, `${options.url}\n`, { mode: 0o600 });
  const yard = yardOf(home, opened, files.value, {
    url: () => url,
    publicUrl: readToken(home.publicUrl),
    lastTurnAt: () => loop?.lastTurnAt() ?? systemClock.steady(),
    // Its answer is to leave before the door is closed.
    stop: () => setTimeout(stopped.resolve, 50),
  });
  const server = openServer(yard);
  const listening = await listen(server, options, home);
  if (isRefusal(listening)) return say(REFUSED, listening.refusal);
  url = listening;
  const drivers = driversOf(home, yard);
  loop = await schedule(yard, opened, drivers, stopped.resolve);
  const notifying = startNotifying(yard);
  const address = { yard: yard.id, url, version, epoch: yard.epoch, ...identify(process.pid) };
  writeJsonFile(home.address, address);
  const upkeep = setInterval(() => void keepReachable(opened.store, home, address), UPKEEP_MS);
  const agent = await keepAgent({ ...home, spool }, yard);
  logLine(`yard ${yard.id} serves ${home.folder} at ${url}, epoch ${yard.epoch}`);
  options.onReady();

  process.once("SIGTERM", () => stopped.resolve());
  process.once("SIGINT", () => stopped.resolve());
  process.on("SIGHUP", () => undefined);
  await stopped.promise;
  clearInterval(upkeep);
  rmSync(home.address, { force: true });
  await loop.stop();
  await notifying.stop();
  await Promise.all(Object.values(drivers).map((driver) => driver.close()));
  rest.stop();
  const { running } = await countWork(opened.store.read);
  await agent.stop(running === 0);
  await server.close();
  await yard.uses.close();
  await opened.store.close();
  await files.value.close();
  lock.release();
  logLine(`yard ${yard.id} ends; ${running} runs go on`);
  return 0;
}

function say(code: number, text: string): number {
  process.stderr.write(`${text}\n`);
  return code;
}

function yardOf(
  home: Home,
  { store, yardId, epoch }: OpenedStore,
  files: Files,
  ways: Pick<Yard, "url" | "publicUrl" | "lastTurnAt" | "stop">,
): Yard {
  const presence = openPresence();
  const pending = openPending();
  const works = openWorks(store.read);
  const uses = openUses(store, systemClock, (error) =>
    logSparingly(`how GPUs are used cannot be kept now: ${systemErrorText(error)}`),
  );
  return {
    id: yardId,
    version,
    epoch,
    home: home.folder,
    clusters: home.clusters,
    environment: loginEnvironment(process.env, homedir()),
    startedAt: systemClock.now(),
    store,
    files,
    clock: systemClock,
    presence,
    reasons: openReasons(),
    outlook: openOutlook(),
    pending,
    bell: openBell<number>(),
    authority: openAuthority(store, systemClock),
    works,
    uses,
    desk: openDesk({ yardId, store, files, works, uses, presence, pending, clock: systemClock, log: logSparingly }),
    enquire: openEnquire(store, systemClock),
    floorBytes: FLOOR_BYTES,
    log: logSparingly,
    ...ways,
  };
}

function schedule(
  yard: Yard,
  { store, epoch, holder }: OpenedStore,
  drivers: Drivers,
  onDeposed: () => void,
): Promise<Loop> {
  return startLoop({
    store,
    drivers,
    presence: yard.presence,
    reasons: yard.reasons,
    outlook: yard.outlook,
    clock: yard.clock,
    epoch,
    holder,
    newPort: () => randomInt(FIRST_PORT, LAST_PORT),
    newAttemptId: (job, n, attempt) => `${job}.${n}.${attempt}-${randomUUID().slice(-12)}` as AttemptId,
    onError: (error) =>
      logSparingly(`the scheduler failed at a turn: ${error instanceof Error ? error.stack : String(error)}`),
    onDeposed,
  });
}

type Drivers = Parameters<typeof startLoop>[0]["drivers"];

function driversOf(home: Home, yard: Yard): Drivers {
  const { desk, epoch, log } = yard;
  const library = fileURLToPath(new URL("../../python/runyard.py", import.meta.url));
  const python = existsSync(library) ? readFileSync(library, "utf8") : null;
  const tools = {
    desk,
    yard: yard.id,
    epoch,
    mirrors: home.mirrors,
    snapshots: `${home.files}/snapshots`,
    ssh: sshPlace(home.ssh, process.env),
    python,
    log,
  };
  return {
    agent: agentDriver(yard.bell),
    ssh: sshDriver(tools),
    slurm: slurmDriver(tools, home.clusters),
  };
}

/** This machine's agent: the same program. */
async function keepAgent(home: Home, { store, presence }: Yard): Promise<LocalAgent> {
  const flags = new Set([...process.execArgv, ...leanNodeFlags]);
  const machine = (await selectMachines(store.read)).find(({ name }) => name === "local")?.id ?? 0;
  return keepLocalAgent(home, {
    command: [process.execPath, ...flags, process.argv[1] ?? "", "agent"],
    heardAt: () => presence.of(machine).seenAt,
    onTrouble: (trouble) => presence.troubled(machine, trouble),
    log: logLine,
  });
}

/** What says how the yard is reached is there again where somebody has deleted it: nobody else could stop it. */
async function keepReachable(store: Store, home: Home, address: Partial<YardAddress>): Promise<void> {
  try {
    if (readJsonFile<YardAddress>(home.address)?.pid !== process.pid) writeJsonFile(home.address, address);
    await ensureTokens(store, home);
  } catch (error) {
    logSparingly(`the home ${home.folder} cannot be kept up: ${systemErrorText(error)}`);
  }
}

async function ensureTokens(store: Store, home: Home): Promise<void> {
  await ensureToken(store, home.adminToken, "admin");
  await ensureToken(store, home.agentToken, "agent");
}

/** A token in its owner's file; where it is missing or no longer good, a new one. */
async function ensureToken(store: Store, path: string, role: Role): Promise<void> {
  const now = systemClock.now();
  const secret = readToken(path);
  if (secret !== null && (await selectValidToken(store.read, hashToken(secret), now))) return;
  const user = userInfo().username;
  const issued = await issueToken(store, { user, role, label: "made by the yard itself", expiresAt: null }, user, now);
  writeSecretFile(path, `${issued.secret}\n`);
}
