import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Assignment } from "../../core/assignment.ts";
import type { Answer, Question } from "../../core/enquiry.ts";
import type { Report } from "../../core/report.ts";
import { systemErrorText } from "../../platform/system_error.ts";
import type { Host } from "../../shells/host.ts";
import { acceptHostKey, type HostKey } from "../../shells/host_key.ts";
import type { SshProblem } from "../../shells/problem.ts";
import { saysDiskFull } from "../../spool/disk_full.ts";
import { removeFolder } from "../../spool/folder.ts";
import { type HostNews, hostProgram } from "../../spool/host.ts";
import { attemptFolder, openSpool } from "../../spool/layout.ts";
import { type Delivery, openOutbox } from "../../spool/outbox.ts";
import type { DriverMachine } from "../driver.ts";
import { checkReach, checkUpTo } from "./check_reach.ts";
import { largePaths, openCodeSender } from "./code.ts";
import { openCollector } from "./collecting.ts";
import { type Connection, openConnection } from "./connection.ts";
import { openMirror } from "./mirror.ts";
import { openRemoteAttempts, type RemoteAttempt } from "./remote_attempts.ts";
import { openSender } from "./sending.ts";
import type { Survey, Way, WayTools, YardTools } from "./way.ts";

export interface SessionOptions extends YardTools {
  machine: DriverMachine;
  host: Host;
  /** Where its spool lies there; null: the default. */
  spool: string | null;
  /** How its attempts start. */
  way: (tools: WayTools) => Way;
  /** How long after a look the next one comes, where something runs. Ends are told without. */
  lookMs: () => number;
}

/** Speaks for one machine that a shell leads to, as an agent speaks for the machine it is on. */
export interface Session {
  /** The machine's slots may have changed. */
  refit(machine: DriverMachine): void;
  /** Something has been assigned. */
  start(): void;
  /** Something is to be stopped. */
  stop(): void;
  /** Something is asked. */
  ask(): void;
  /** What runs goes on. */
  close(): Promise<void>;
}

interface Asked {
  id: number;
  question: Question;
}

const TICK_MS = 500;
/** With nothing running it is only a sign of life. */
const IDLE_LOOK_MS = 5000;
const SURVEY_MS = 15_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;
const REFUSED_PAUSE_MS = 500;
/** For how long after something did not fit it is not tried again. */
const FULL_MS = 5000;

export function openSession(options: SessionOptions): Session {
  const { desk, yard, epoch, host } = options;
  let { machine } = options;
  const folder = `${options.mirrors}/${machine.id}`;
  const holder = `ssh-${epoch}`;
  const log = (text: string) => options.log(`${machine.name}: ${text}`);
  const closing = new AbortController();
  let connection: Connection | null = null;
  let { hardware } = machine;
  let surveyedAt = 0;
  let lookedAroundAt = 0;
  let surveying: Promise<Survey | null> | null = null;
  let ranOutAt = Number.NEGATIVE_INFINITY;
  let isBehind = false;
  let awake = Promise.withResolvers<void>();
  let hostKey: HostKey | null = null;
  let said = "";

  const mirror = openMirror({ root: folder, yard });
  const outbox = openOutbox(deliver);
  const code = openCodeSender(host, options.snapshots, () => attempts.snapshots());
  const sender = openSender(host, desk, code, options.python, (...what) => way.sources(...what));
  const attempts = openRemoteAttempts(outbox, {
    send,
    markSent: mirror.markSent,
    wasSent: mirror.wasSent,
    begin: (ids) => way.begin(ids),
    forbid: (id) => way.forbid(id),
    stop: (graceMs, id) => way.stop(graceMs, id),
    sweep: (ids) => connection?.say("sweep", "200", ...ids),
    collect: (which) => collector.collect(which),
    tell: (which) => collector.tell(which),
    async onRefused(reason) {
      if (saysDiskFull(reason)) ranOutAt = Date.now();
      await survey();
      await sleep(REFUSED_PAUSE_MS);
    },
    log,
  });
  const collector = openCollector({
    host,
    mirror,
    outbox,
    connection: () => connection,
    largePaths: (snapshot) => largePaths(options.snapshots, snapshot),
    onTold: attempts.told,
    onTreeGone: sender.reset,
    log,
  });
  const way = options.way({
    host,
    desk,
    attempts,
    machine: () => machine,
    hardware: () => hardware,
    connection: () => connection,
    survey,
    resurvey: () => catchUp(async () => void (await survey())),
    log,
  });
  openSpool(mirror.spool, epoch);
  const ticking = setInterval(tick, TICK_MS);
  const serving = serve();

  /** One connection after another, until the yard ends. */
  async function serve(): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      const startedAt = Date.now();
      awake = Promise.withResolvers();
      const asked = await questions();
      const problem = await serveOnce(asked).catch((error: unknown): SshProblem => {
        return { code: "broken", text: systemErrorText(error) };
      });
      connection = null;
      attempts.disconnected();
      if (closing.signal.aborted) return;
      if (Date.now() - startedAt > LONGEST_PAUSE_MS) pauseMs = FIRST_PAUSE_MS;
      await tellTrouble(problem, asked);
      catchUp(giveBackLine);
      await Promise.race([sleep(pauseMs, undefined, { ref: false }), awake.promise]);
    }
  }

  /** What is asked of this machine; nothing while the store does not answer. */
  async function questions(): Promise<Asked[]> {
    return desk.questions(machine.id).catch(() => []);
  }

  /** Resolves with what ended the connection, or stands in its way. */
  async function serveOnce(asked: readonly Asked[]): Promise<SshProblem> {
    const checks = asked.flatMap(({ question }) => (question.kind === "check" ? [question] : []));
    if (checks.some(({ accept }) => accept)) {
      const problem = await acceptKey();
      if (problem) return problem;
    }
    const program = hostProgram(options.spool, yard, epoch);
    const opened = await openConnection(host, program, hear, checks.length > 0);
    if (!opened.ok) return opened.problem;
    const now = opened.value;
    connection = now;
    sender.reset();
    if (closing.signal.aborted) now.close();
    await survey();
    said = "";
    const { bootId, hostName, address } = now;
    const introduction = { agent: holder, hardware, bootId, host: hostName, address, spool: folder };
    await desk.introduce(machine, introduction);
    const resumed = await desk.resume(machine.id, holder);
    await way.resumed(resumed);
    attempts.accept(resumed);
    await stop();
    now.say("list");
    await now.look(attempts.watched());
    attempts.connected();
    catchUp(take);
    catchUp(ask);
    const problem = await now.ended;
    now.close();
    return problem;
  }

  async function acceptKey(): Promise<SshProblem | null> {
    if (machine.login === null) return null;
    const accepted = await acceptHostKey(machine.name, machine.login, options.ssh);
    if (!accepted.ok) return accepted.problem;
    hostKey = accepted.value;
    return null;
  }

  /** What stands in the way is shown with the machine, logged once, and told to who asks. */
  async function tellTrouble(problem: SshProblem, asked: readonly Asked[]): Promise<void> {
    const { text } = problem;
    if (text !== said) log(text);
    said = text;
    for (const { id, question } of asked) {
      await desk.answer(
        id,
        question.kind === "check"
          ? { kind: "checked", checks: await checkUpTo(problem, machine, hostKey, options.ssh) }
          : { kind: "failed", text },
      );
    }
    if (hardware.blocked === text) return;
    hardware = { ...hardware, blocked: text };
    await desk.survey(machine.id, hardware, { isHeard: false });
  }

  /** Once it is known that the machine takes nothing on: nothing of the line comes to it again. */
  async function giveBackLine(): Promise<void> {
    attempts.accept(await desk.resume(machine.id, holder));
    attempts.giveBackLine();
  }

  function hear(news: HostNews): void {
    if (news.kind === "started") attempts.started(news.attempt, news.at + (connection?.clockMs ?? 0), news.pid);
    else if (news.kind === "ended") attempts.ended(news.attempt, news.exit);
    else if (news.kind === "failed") attempts.failed(news.attempt, news.reason);
    else if (news.kind === "refused") attempts.refused(news.attempt, news.reason);
    else if (news.kind === "size") attempts.get(news.attempt) && mirror.noteSize(news.attempt, news.file, news.bytes);
    else if (news.kind === "seat") way.seat(news.attempt, news);
    else if (news.kind === "state") connection && way.state(news.attempt, news.state, connection);
    else if (news.kind === "swept") attempts.swept(news.attempt);
    else if (news.kind === "looked") desk.heard(machine.id);
    else if (news.kind === "listed") catchUp(() => forgetStrays(news.attempts));
  }

  /** What the store cannot answer now is asked again at a tick. */
  function catchUp(act: () => Promise<void>): void {
    act().catch((error: unknown) => {
      log(systemErrorText(error));
      isBehind = true;
    });
  }

  async function lookForStrays(): Promise<void> {
    await survey();
    // What could not be removed at once, as something was still at work in it, is found again.
    connection?.say("list");
  }

  /** What lies there and nobody waits for: where its end is known, the yard that told it did not live to remove it. */
  async function forgetStrays(found: readonly string[]): Promise<void> {
    const strays = found.filter((attempt) => !attempts.get(attempt));
    if (strays.length > 0) forget(await desk.known(strays));
  }

  function tick(): void {
    if (!connection) return;
    const now = Date.now();
    attempts.tend(now);
    way.tend(now);
    const pauseMs = way.watched().length > 0 ? options.lookMs() : IDLE_LOOK_MS;
    // By its own clock: who asks for one attempt's output again and again is not to keep the others from being looked at.
    if (!connection.isLooking() && now - lookedAroundAt >= pauseMs) catchUp(lookAround);
    if (now - surveyedAt > SURVEY_MS) catchUp(lookForStrays);
    if (!isBehind) return;
    isBehind = false;
    for (const act of [take, stop, ask]) catchUp(act);
  }

  async function lookAround(): Promise<void> {
    lookedAroundAt = Date.now();
    const watched = way.watched();
    await connection?.look(watched);
    if (connection) await collector.observe(connection, watched);
  }

  /** Null: it does not answer that. Its runs are looked after all the same. */
  function survey(): Promise<Survey | null> {
    surveying ??= lookOver().finally(() => {
      surveying = null;
    });
    return surveying;
  }

  async function lookOver(): Promise<Survey | null> {
    if (!connection) return null;
    surveyedAt = Date.now();
    const found = await way.survey(connection);
    if (found === null) return null;
    hardware = { ...found.hardware, blocked: found.hardware.blocked ?? quotaProblem() };
    attempts.refit(machine, hardware);
    await desk.survey(machine.id, hardware);
    attempts.held(found.held);
    return found;
  }

  /** What did not fit just now will not fit now, whatever the disk says of itself. */
  function quotaProblem(): string | null {
    if (Date.now() - ranOutAt > FULL_MS) return null;
    return "its spool takes no more files (a full disk, a quota?): nothing is started until it does; what waits is kept";
  }

  async function take(): Promise<void> {
    const assignments: Assignment[] = [];
    try {
      for (let isAll = false; connection && !isAll; ) {
        const taken = await desk.take(machine.id, holder);
        assignments.push(...taken.assignments);
        ({ isAll } = taken);
      }
    } finally {
      // What was assigned together goes there together.
      attempts.accept(assignments);
    }
  }

  async function stop(): Promise<void> {
    attempts.stop(await desk.stops(machine.id));
  }

  async function send(which: readonly RemoteAttempt[]): Promise<Map<string, string> | null> {
    const assignments = which.map(({ assignment }) => assignment);
    const isReady = await way.prepare(assignments).catch((error: unknown) => {
      log(systemErrorText(error));
      return false;
    });
    if (!isReady || !connection) return null;
    return sender.send(connection.home, assignments).catch((error: unknown) => {
      return new Map(assignments.map(({ attempt }) => [attempt, systemErrorText(error)]));
    });
  }

  async function deliver(reports: Report[]): Promise<Delivery> {
    try {
      forget(await desk.report({ id: machine.id, spool: folder }, holder, reports));
      return "kept";
    } catch (error) {
      log(`reports could not be kept, and are told again: ${systemErrorText(error)}`);
      return "failed";
    }
  }

  /** The yard has their ends: nothing of them is needed there, nor in the mirror. */
  function forget(ids: readonly string[]): void {
    for (const attempt of ids) {
      attempts.kept(attempt);
      mirror.forget(attempt);
      removeFolder(attemptFolder(mirror.spool, attempt));
    }
    way.forgotten(ids);
    if (ids.length > 0) connection?.say("forget", ...ids);
  }

  async function ask(): Promise<void> {
    if (!connection) awake.resolve();
    else for (const { id, question } of await questions()) await desk.answer(id, await answerTo(question));
  }

  async function answerTo(question: Question): Promise<Answer> {
    if (question.kind === "check") {
      if (question.accept && !hostKey) await acceptKey();
      const reached = machine.login ? checkReach(machine.name, machine.login, hostKey, null) : [];
      return { kind: "checked", checks: [...reached, ...way.check(await survey(), connection)] };
    }
    const answer = await way.answer(question);
    if (answer) return answer;
    if (question.kind !== "fetch") return { kind: "failed", text: "such a question is not for this machine" };
    const isHere = connection !== null && (await collector.fetch(connection, [question.attempt]));
    return isHere ? { kind: "fetched" } : { kind: "failed", text: said };
  }

  return {
    refit(next) {
      const isAsBefore = isDeepStrictEqual(next.slots, machine.slots);
      machine = next;
      if (!isAsBefore) attempts.refit(machine, hardware);
    },
    start: () => catchUp(take),
    stop: () => catchUp(stop),
    ask: () => catchUp(ask),
    async close() {
      closing.abort();
      awake.resolve();
      clearInterval(ticking);
      outbox.close();
      connection?.close();
      await host.close();
      await serving;
    },
  };
}
