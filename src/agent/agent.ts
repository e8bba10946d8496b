import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Welcome } from "../api/agent.ts";
import { type Client, isRefusedCall } from "../client/client.ts";
import { type Hardware, isUsable } from "../core/machine.ts";
import { UNSEEN } from "../core/peaks.ts";
import type { Report } from "../core/report.ts";
import { boundary } from "../platform/boundary.ts";
import { surveyHost } from "../platform/hardware.ts";
import { openRest } from "../platform/lean_node.ts";
import { ownAddress } from "../platform/network.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { collectEnd } from "../spool/collect.ts";
import { saysDiskFull } from "../spool/disk_full.ts";
import { readFolder, removeFolder } from "../spool/folder.ts";
import { startLauncher } from "../spool/launcher.ts";
import { attemptFolder, attemptsIn, environmentFile, openSpool, type Spool, workerFolder } from "../spool/layout.ts";
import { type Delivery, openOutbox } from "../spool/outbox.ts";
import { environmentScript } from "../spool/script.ts";
import { openAttempts } from "./attempts.ts";
import { openClaims } from "./claims.ts";
import { surveyMachine } from "./hardware.ts";
import { cannotBeUsed, openSpoolRoom } from "./spool_room.ts";

export interface AgentOptions {
  /** The machine it speaks for. */
  machine: string;
  /** Where spools lie; each yard has its own folder below. */
  spool: string;
  /** Where snapshots of code are kept. */
  snapshots: string;
  /** A way to the yard as it is reached now; null: nobody knows one at the moment. */
  connect: () => Client | null;
  /** Whether its home no longer names this agent: another one speaks for the machine, or the home has been moved away. */
  isDismissed: () => boolean;
  /** A CUDA_VISIBLE_DEVICES that limits which GPUs may be used; null: no limit. */
  visible: string | null;
  log: (text: string) => void;
  /** Aborts when the agent is asked to end. */
  ending: AbortSignal;
  /** With nothing to run and no yard to be reached for this long, it ends. */
  patienceMs: number;
}

/** Well below the silence after which the yard takes a machine to be out of reach. */
const POLL_MS = 10_000;
const TEND_MS = 250;
/** The machine is looked at this often, and more often while something of it cannot be used. */
const SURVEY_MS = 10_000;
const CLOSE_SURVEY_MS = 3000;
/** A look at the GPUs this recent is good enough to start a run by. */
const FRESH_MS = 500;
const RECONNECT_MS = 200;
/** A yard that is there, but cannot be worked for, is asked this often whether that has changed. */
const OBSTACLE_PAUSE_MS = 2000;

/** Why an agent came to its end. */
export type AgentEnd = "superseded" | "idle without a yard" | "asked to";

/** Speaks for a machine until another agent does, or nobody needs it. What runs goes on without it. */
export async function runAgent(options: AgentOptions): Promise<AgentEnd> {
  const agent = randomBytes(8).toString("hex");
  let isBusy = () => false;
  const room = openSpoolRoom(options.spool);
  /** Why it cannot work for the yard that is there; the yard hears it with the next hello. */
  let obstacle: string | null = null;
  /** Attempts whose ends the yard has taken in while it was greeted: its answer may still name them. */
  let keptMeanwhile: Set<string> | null = null;
  let { hardware } = await surveyMachine({
    visible: options.visible,
    yardId: null,
    isOurs: () => false,
    blocked: room.problem(),
    before: [],
  });
  let session = await greet();
  if (session === "superseded") return session;
  if (session === "idle") return "idle without a yard";
  const spool: Spool = { root: options.spool, yard: session.welcome.yard };
  let pendingHardware: Hardware | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<Hardware> | null = null;
  let over: AgentEnd | null = null;
  let complaint = "";

  const rest = openRest(() => performance.now());
  const outbox = openOutbox(send);
  const launcher = startLauncher({
    onStarted: ({ attempt, pid, at }) => attempts.started(attempt, pid, at),
    onEnded: ({ attempt, exit }) => attempts.ended(attempt, exit),
    onFailed: ({ attempt, reason }) => attempts.couldNotLaunch(attempt, reason),
    log: options.log,
  });
  /** Those that are being fetched. */
  const environments = new Map<string, Promise<boolean>>();
  const python = fileURLToPath(new URL("../../python", import.meta.url));
  const attempts = openAttempts({
    spool,
    outbox,
    claims: openClaims(spool.yard, () => hardware, lookAgain),
    fetchEnvironment: (environment) => {
      const fetching = environments.get(environment) ?? fetchEnvironment(environment);
      environments.set(environment, fetching);
      return fetching.finally(() => environments.delete(environment));
    },
    launch: launcher.start,
    sweeps: () => launcher.implementation === "sh",
    snapshots: options.snapshots,
    log: options.log,
    python: existsSync(python) ? python : null,
    launcher,
    onRefused: survey,
    onDiskFull: room.ranOut,
    isOver: () => over !== null,
  });
  isBusy = () => attempts.count() > 0;
  let surveying = surveyLater();
  begin(session.welcome);
  const tending = setInterval(() => attempts.tend(performance.now()), TEND_MS);
  while (over === null) {
    try {
      await poll();
    } catch (error) {
      if (isRefusedCall(error) && error.problem.code === "superseded") over = "superseded";
      else if (options.ending.aborted) over = "asked to";
      else {
        await pause(RECONNECT_MS);
        await reconnect();
      }
    }
  }
  clearInterval(tending);
  clearTimeout(surveying);
  rest.stop();
  outbox.close();
  await launcher.close();
  return over;

  /** Says hello until a yard answers that this spool obeys. */
  async function greet(): Promise<{ client: Client; welcome: Welcome } | "idle" | "superseded"> {
    let aloneSince = performance.now();
    for (;;) {
      const answer = await introduce();
      if (answer !== null && typeof answer === "object") return answer;
      if (answer !== null) aloneSince = performance.now();
      if (answer !== null && answer !== obstacle) options.log(answer);
      obstacle = answer;
      if (options.isDismissed()) return "superseded";
      if (options.ending.aborted || (performance.now() - aloneSince > options.patienceMs && !isBusy())) return "idle";
      await pause(answer === null ? RECONNECT_MS : OBSTACLE_PAUSE_MS);
    }
  }

  /** A yard that welcomes this agent, or what stands in the way of working for it; null: none can be reached. */
  async function introduce(): Promise<{ client: Client; welcome: Welcome } | string | null> {
    const client = options.connect();
    if (!client) return null;
    keptMeanwhile = new Set();
    try {
      const welcome = await hello(client);
      if (openSpool({ root: options.spool, yard: welcome.yard }, welcome.epoch)) return { client, welcome };
      return `a yard of epoch ${welcome.epoch} is not obeyed: this spool has served a later one`;
    } catch (error) {
      if (isRefusedCall(error)) return `the yard refused this agent: ${error.problem.detail}`;
      const isOfFiles = error instanceof Error && ("path" in error || saysDiskFull(error.message));
      return isOfFiles ? cannotBeUsed(options.spool, systemErrorText(error)) : null;
    }
  }

  function hello(client: Client): Promise<Welcome> {
    const { bootId, hostname: host } = surveyHost();
    const blocked = room.problem() ?? obstacle;
    const body = {
      agent,
      machine: options.machine,
      hardware: { ...hardware, blocked },
      bootId,
      host,
      address: ownAddress(),
      spool: options.spool,
    };
    return client.call("hello", { params: { machine: options.machine }, body });
  }

  async function reconnect(): Promise<void> {
    const next = await greet();
    if (next === "idle") over = "idle without a yard";
    else if (next === "superseded" || next.welcome.yard !== spool.yard) over = "superseded";
    else {
      session = next;
      begin(next.welcome);
    }
  }

  /** Goes on from what the yard knows: its attempts, and what lies here that it may not have heard the end of. */
  function begin(welcome: Welcome): void {
    hardware = welcome.hardware;
    if (obstacle !== null) void survey();
    obstacle = null;
    attempts.refit(welcome.slots, hardware);
    attempts.resume(welcome.attempts.filter(({ attempt }) => !keptMeanwhile?.has(attempt)));
    keptMeanwhile = null;
    outbox.flush();
    for (const attempt of attemptsIn(spool)) {
      const state = attempts.isKnown(attempt) ? null : readFolder(workerFolder(spool, attempt));
      if (state?.kind !== "ended") continue;
      outbox.ended(collectEnd(spool, attempt, state.end, { timeLimitMs: null, peaks: UNSEEN }));
    }
  }

  async function poll(): Promise<void> {
    const { client, welcome } = current();
    const body = { agent, epoch: welcome.epoch, waitMs: POLL_MS };
    const orders = await client.call("poll", { params: { machine: options.machine }, body, signal: options.ending });
    attempts.refit(orders.slots, hardware);
    attempts.accept(orders.assignments);
    attempts.stop(orders.stops);
  }

  async function send(reports: Report[]): Promise<Delivery> {
    const { client, welcome } = current();
    if (reports.length > 0) rest.stir();
    const news = pendingHardware;
    pendingHardware = null;
    try {
      const answer = await client.call("report", {
        params: { machine: options.machine },
        body: { agent, epoch: welcome.epoch, reports, ...(news && { hardware: news }) },
      });
      if (answer.kept.length > 0) boundary("agent: acknowledged");
      for (const attempt of answer.kept) {
        attempts.kept(attempt);
        keptMeanwhile?.add(attempt);
        discard(attempt);
      }
      complaint = "";
      return "kept";
    } catch (error) {
      if (!isRefusedCall(error)) return "failed";
      const { status, detail } = error.problem;
      if (detail !== complaint) options.log(`the yard refused a report: ${detail}`);
      complaint = detail;
      return status === 400 || status === 413 ? "refused" : "failed";
    }
  }

  /** What cannot be removed must not keep the ends of others: it is tried again by the next agent. */
  function discard(attempt: string): void {
    const folder = attemptFolder(spool, attempt);
    try {
      removeFolder(folder);
    } catch (error) {
      options.log(`${folder} cannot be removed: ${systemErrorText(error)}. The yard has all of it; remove it by hand.`);
    }
  }

  function surveyLater(): NodeJS.Timeout {
    const { gpus, reserved, blocked } = hardware;
    const isClose = blocked !== null || reserved.length > 0 || gpus.some((gpu) => !isUsable(gpu));
    return setTimeout(() => void survey(), isClose ? CLOSE_SURVEY_MS : SURVEY_MS);
  }

  async function survey(): Promise<void> {
    clearTimeout(surveying);
    await look();
    pendingHardware = hardware;
    await send([]);
    clearTimeout(surveying);
    if (over === null) surveying = surveyLater();
  }

  async function look(): Promise<Hardware> {
    const startedAt = performance.now();
    const seen = await surveyMachine({
      visible: options.visible,
      yardId: spool.yard,
      isOurs: attempts.isKnown,
      blocked: room.problem(),
      before: hardware.gpus,
    });
    hardware = seen.hardware;
    attempts.sawGpuMemory(seen.gpuMemory);
    lookedAt = startedAt;
    return hardware;
  }

  /** Several runs that start together share one look. */
  async function lookAgain(): Promise<Hardware> {
    if (performance.now() - lookedAt < FRESH_MS) return hardware;
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  }

  async function fetchEnvironment(environment: string): Promise<boolean> {
    const path = environmentFile(spool, environment);
    if (existsSync(path)) return true;
    // The spool may have been removed since it was opened.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const answer = await current()
      .client.call("environment", { params: { environment } })
      .catch((error: unknown) => {
        if (isRefusedCall(error) && error.problem.code === "gone") throw error;
        return null;
      });
    if (answer === null) return false;
    const { variables } = answer;
    writeFileSync(`${path}.${agent}`, environmentScript(variables), { mode: 0o600 });
    renameSync(`${path}.${agent}`, path);
    return true;
  }

  /** Ends at once where the agent is to end. */
  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: options.ending }).catch(() => undefined);
  }

  function current(): { client: Client; welcome: Welcome } {
    if (typeof session === "string") throw new Error("no yard has been reached");
    return session;
  }
}
