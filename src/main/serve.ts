import { randomBytes, randomUUID } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import type { ServeOptions } from "../cli/program.ts";
import { openPresence } from "../core/presence.ts";
import { openReasons } from "../core/reasons.ts";
import type { AttemptId } from "../core/run.ts";
import { agentDriver } from "../drivers/agent.ts";
import { keepLocalAgent } from "../drivers/local_agent.ts";
import { openFiles } from "../files/open_files.ts";
import { describeFileProblem } from "../files/problem.ts";
import { openBell } from "../platform/bell.ts";
import { systemClock } from "../platform/clock.ts";
import { type Home, homeOf, makeHome, readToken, writeJsonFile, writeSecretFile } from "../platform/home.ts";
import { leanNodeFlags } from "../platform/lean_node.ts";
import { identify } from "../platform/processes.ts";
import { version } from "../platform/version.ts";
import { startLoop } from "../scheduler/loop.ts";
import { hashToken, issueToken, openAuthority } from "../server/auth.ts";
import { openServer, type YardServer } from "../server/server.ts";
import { openWorks } from "../server/works.ts";
import type { Yard } from "../server/yard.ts";
import { openChanges } from "../store/changes.ts";
import { connectPostgres, connectSqlite } from "../store/dialect.ts";
import { readFact, settleFact } from "../store/facts.ts";
import { takeLease } from "../store/lease.ts";
import { takeLock } from "../store/lock.ts";
import { ensureMachine } from "../store/machines.ts";
import { migrate } from "../store/migrate.ts";
import { ensurePool } from "../store/pools.ts";
import { openStore, type Store } from "../store/store.ts";
import { type Role, selectValidToken } from "../store/tokens.ts";
import { logLine } from "./log.ts";

/** sysexits' EX_TEMPFAIL: another yard serves this home, ask that one. */
const TAKEN = 75;
const REFUSED = 2;
const FLOOR_BYTES = 200 * 1024 * 1024;

/** Serves the home's yard until it is asked to end. Returns the exit code. */
export async function serve(options: ServeOptions): Promise<number> {
  process.umask(0o077);
  const home = homeOf(process.env);
  makeHome(home);
  const lock = takeLock(home.lock);
  if (!lock) return say(TAKEN, `Another yard serves ${home.folder}.`);
  if (!isLoopback(options.host) && !options.insecure) {
    return say(
      REFUSED,
      `The yard does not listen on ${options.host} in the clear: its tokens could be read on the way. Put a TLS proxy in front of 127.0.0.1, or say --insecure-http.`,
    );
  }
  const database = databaseOf(home, options);
  const connections = database === null ? connectSqlite(home.database) : await connectPostgres(database);
  const migrated = await migrate(connections, (name) => `${home.database}.before-${name}`);
  if (migrated.kind === "newer") {
    return say(
      REFUSED,
      `This yard's database was written by a newer Runyard (${migrated.name}). Install that version or a later one.`,
    );
  }
  const opened = await openFiles(home.files);
  if (!opened.ok) return say(REFUSED, describeFileProblem(opened.problem));
  const files = opened.value;
  const store = openStore(connections, openChanges());
  const holder = randomBytes(8).toString("hex");
  const settled = await settle(store, holder, database === null);
  if (!settled)
    return say(REFUSED, "Another yard leads on this database. Stop it first; a lead that died is over after 15 s.");
  const { id, epoch } = settled;
  await ensureToken(store, home.adminToken, "admin");
  await ensureToken(store, home.agentToken, "agent");

  const stopped = Promise.withResolvers<void>();
  const bell = openBell<number>();
  let url = "";
  let lastTurnAt = () => systemClock.now();
  const yard: Yard = {
    id,
    version,
    epoch,
    home: home.folder,
    startedAt: systemClock.now(),
    url: () => url,
    store,
    files,
    clock: systemClock,
    presence: openPresence(),
    reasons: openReasons(),
    bell,
    authority: openAuthority(store, systemClock),
    works: openWorks(store.read),
    lastTurnAt: () => lastTurnAt(),
    floorBytes: FLOOR_BYTES,
    stop: () => setTimeout(stopped.resolve, 50),
    log: logLine,
  };
  const server = openServer(yard);
  const port = await listen(server, options, home);
  if (port === null) return REFUSED;
  url = `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`;
  const loop = await startLoop({
    store,
    driver: agentDriver(bell),
    presence: yard.presence,
    reasons: yard.reasons,
    clock: systemClock,
    epoch,
    holder,
    newAttemptId: (job, n, attempt) => `${job}.${n}.${attempt}-${randomUUID().slice(-12)}` as AttemptId,
    onError: (error) =>
      logLine(`the scheduler failed at a turn: ${error instanceof Error ? error.stack : String(error)}`),
    onDeposed: stopped.resolve,
  });
  lastTurnAt = loop.lastTurnAt;
  writeJsonFile(home.address, { yard: id, url, version, epoch, ...identify(process.pid) });
  const agent = keepLocalAgent(
    home,
    [process.execPath, ...process.execArgv, ...leanNodeFlags, process.argv[1] ?? "", "agent"],
    logLine,
  );
  logLine(`yard ${id} serves ${home.folder} at ${url}, epoch ${epoch}`);

  process.once("SIGTERM", () => stopped.resolve());
  process.once("SIGINT", () => stopped.resolve());
  process.on("SIGHUP", () => undefined);
  await stopped.promise;
  rmSync(home.address, { force: true });
  await loop.stop();
  const { countWork } = await import("../store/jobs.ts");
  const { running } = await countWork(store.read);
  agent.stop(running === 0);
  await server.close();
  await store.close();
  await files.close();
  lock.release();
  logLine(`yard ${id} ends; ${running} runs go on`);
  return 0;
}

function say(code: number, text: string): number {
  process.stderr.write(`${text}\n`);
  return code;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** The PostgreSQL that was asked for, now or at an earlier start; null: the home's own file. */
function databaseOf(home: Home, options: ServeOptions): string | null {
  const asked = options.database ?? process.env["RUNYARD_DATABASE"] ?? null;
  if (asked !== null) writeSecretFile(home.databaseUrl, `${asked}\n`);
  return readToken(home.databaseUrl);
}

/** The yard's id, made once, and a new epoch; null where another yard has the lead. */
async function settle(store: Store, holder: string, alone: boolean): Promise<{ id: string; epoch: number } | null> {
  return store.write(async (db) => {
    const id = (await readFact(db, "yard")) ?? (await settleFact(db, "yard", randomBytes(5).toString("hex")));
    const epoch = await takeLease(db, store.dialect, holder, alone);
    if (epoch === null) return null;
    await ensurePool(db, "local", "agent", userInfo().username);
    await ensureMachine(db, "local", "local");
    return { id, epoch };
  });
}

/** A token in its owner's file; where it is missing or no longer good, a new one. */
async function ensureToken(store: Store, path: string, role: Role): Promise<void> {
  const now = systemClock.now();
  const secret = readToken(path);
  if (secret !== null && (await selectValidToken(store.read, hashToken(secret), now))) return;
  const user = userInfo().username;
  const issued = await issueToken(store, { user, role, label: "made at the first start", expiresAt: null }, now);
  writeSecretFile(path, `${issued.secret}\n`);
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ host, port }, () => probe.close(() => resolve(true)));
  });
}

/** Listens where asked; without a wish, where it did before, else anywhere. Null: the port is taken, and it was said. */
async function listen(server: YardServer, options: ServeOptions, home: Home): Promise<number | null> {
  if (options.port !== null) {
    try {
      return await server.listen(options.host, options.port);
    } catch (error) {
      const reason =
        error instanceof Error && "code" in error && error.code === "EADDRINUSE" ? "it is in use" : String(error);
      say(
        REFUSED,
        `The yard cannot listen on port ${options.port}: ${reason}. Choose another one with --port, or leave it out.`,
      );
      return null;
    }
  }
  const before = Number(readToken(home.port) ?? 0);
  const port = await server.listen(options.host, (await isFree(options.host, before)) ? before : 0);
  writeFileSync(home.port, `${port}\n`, { mode: 0o600 });
  return port;
}
