import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment, Stop } from "../api/agent.ts";
import { type Ledger, openLedger } from "../core/ledger.ts";
import { type Hardware, type Machine, UNKNOWN_HARDWARE } from "../core/machine.ts";
import type { Ending } from "../core/run.ts";
import { boundary } from "../platform/boundary.ts";
import { ageMs, identify } from "../platform/processes.ts";
import { systemErrorText } from "../platform/system_error.ts";
import {
  forbidBegin,
  hasExit,
  hasLauncher,
  prepareFolder,
  type RecordedEnd,
  readEnd,
  readFolder,
  readProcesses,
} from "../spool/folder.ts";
import { environmentFile, keptFolder, type Spool, workerFolder } from "../spool/layout.ts";
import type { Claims } from "./claims.ts";
import { collectEnd, describeLoss, lastSign, startSign } from "./collect.ts";
import { isNewWish, LOOK_MS, type LocalAttempt, limitReached, newLocalAttempt } from "./local_attempt.ts";
import type { Outbox } from "./outbox.ts";
import { saysDiskFull } from "./spool_room.ts";
import { openTrees } from "./trees.ts";

/** Everything of this machine that has not been handed over to the yard. */
export interface Attempts {
  /** Takes on what was assigned just now; what is known already is left as it is. */
  accept(assignments: Assignment[]): void;
  /** Takes on what this machine had before: what an agent before this one has begun goes on under this one. */
  resume(assignments: Assignment[]): void;
  stop(stops: Stop[]): void;
  /** The launcher's word. */
  started(attempt: string, pid: number, at: number): void;
  ended(attempt: string, exit: string): void;
  couldNotLaunch(attempt: string, reason: string): void;
  /** The yard has this attempt's end: nothing is left to do for it. */
  kept(attempt: string): void;
  /** The machine's slots or hardware have changed. */
  refit(slots: string[] | null, hardware: Hardware): void;
  /** Looks after what runs: time limits, events, ends that nobody told of. `now` is by the steady clock. */
  tend(now: number): void;
  isKnown(attempt: string): boolean;
  /** How many run or are to run. */
  count(): number;
}

export interface AttemptsOptions {
  spool: Spool;
  outbox: Outbox;
  claims: Claims;
  /** Makes sure the file with these variables is there. */
  fetchEnvironment: (environment: string) => Promise<void>;
  launch: (folder: string) => void;
  /** The folder of the Python client library. */
  python: string | null;
  log: (text: string) => void;
  /** Where snapshots of code are kept. */
  snapshots: string;
  /** The process whose children the launchers are; null where there is none at the moment. */
  forkServer: () => number | null;
  /** The launcher does not see to it itself that an ended command leaves nothing behind. */
  sweeps: () => boolean;
  /** An attempt could not have its GPU or its folder: the yard should hear how the machine stands before it decides again. */
  onRefused: () => Promise<void>;
  onDiskFull: () => void;
}

const REFUSED_PAUSE_MS = 500;

export function openAttempts(options: AttemptsOptions): Attempts {
  const { spool, outbox, claims } = options;
  const locals = new Map<string, LocalAttempt>();
  const line = new Set<LocalAttempt>();
  let ledger: Ledger = openLedger(machineOf(null, UNKNOWN_HARDWARE));
  /** The machine's account with nothing held. */
  let idle: Ledger = ledger;
  const trees = openTrees({ spool, all: () => locals.values(), forkServer: options.forkServer, onSwept: finish });
  let explicitSlots = false;

  /** Launches what stands in line and whose slot is free, in order. A slot that is no longer there is not waited for. */
  function advance(): void {
    for (const local of line) {
      const { slot } = local.assignment;
      if (!ledger.isFree(slot)) {
        if (!idle.isFree(slot) && line.delete(local)) void giveBack(local);
        continue;
      }
      line.delete(local);
      ledger.hold(local.assignment.slot);
      local.phase = "launching";
      void launch(local);
    }
  }

  async function launch(local: LocalAttempt): Promise<void> {
    const { assignment } = local;
    const folder = workerFolder(spool, assignment.attempt);
    try {
      await options.fetchEnvironment(assignment.environment);
      const refusal = await claims.take(assignment, explicitSlots);
      if (refusal !== null) return await giveBack(local);
      if (local.phase !== "launching") return;
      boundary("agent: accepted");
      const cwd = assignment.snapshot === null ? assignment.cwd : await layOutCode(local, folder);
      if (local.phase !== "launching") return;
      const spec = { ...assignment, cwd, folder, python: options.python };
      const environment = environmentFile(spool, assignment.environment);
      prepareFolder({ ...spec, environment }, assignment.out, keptFolder(spool, assignment.job, assignment.n));
      boundary("agent: prepared");
      options.launch(folder);
    } catch (error) {
      couldNotLaunch(assignment.attempt, systemErrorText(error));
    }
  }

  /** Loaded only where a job brings its code: an agent is to stay small. */
  async function layOutCode({ assignment }: LocalAttempt, folder: string): Promise<string> {
    const { layOutWork } = await import("./code.ts");
    return layOutWork(options.snapshots, assignment, folder);
  }

  function couldNotLaunch(attempt: string, reason: string): void {
    const local = locals.get(attempt);
    if (!local || local.phase === "ended") return;
    if (saysDiskFull(reason)) {
      options.onDiskFull();
      void giveBack(local);
    } else finish(local, { endedAt: Date.now(), ending: { kind: "could_not_start", reason } });
  }

  /** Nothing of it has begun, and something stands in the way here: it is queued again, once the yard has heard of that. */
  async function giveBack(local: LocalAttempt): Promise<void> {
    await options.onRefused();
    // A yard that did not hear it would send it again at once.
    await sleep(REFUSED_PAUSE_MS);
    finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
  }

  function started(attempt: string, pid: number, at: number): void {
    const local = locals.get(attempt);
    if (!local || (local.phase !== "launching" && !local.adopted)) return;
    local.phase = local.stop ? "ending" : "running";
    begin(local, pid, at);
  }

  /** Its command runs, as the launcher or its folder says. */
  function begin(local: LocalAttempt, pid: number, at: number): void {
    const { attempt, timeLimitMs } = local.assignment;
    local.startedAt = at;
    local.pid = pid;
    if (timeLimitMs !== null) {
      const command = identify(pid);
      local.limitAt = performance.now() + timeLimitMs - (command === null ? 0 : ageMs(command));
    }
    claims.handOver(local.assignment, pid, explicitSlots);
    outbox.started({ kind: "started", attempt, at, pid });
  }

  function ended(attempt: string, exit: string): void {
    const local = locals.get(attempt);
    if (local) end(local, readEnd(workerFolder(spool, attempt), exit));
  }

  /** The command has ended: everything is handed over, once nothing of it is left. */
  function end(local: LocalAttempt, recorded: RecordedEnd): void {
    if (local.phase === "ended" || trees.isDue(local)) return;
    if (local.adopted || options.sweeps()) trees.sweep(local, recorded);
    else finish(local, recorded);
  }

  function finish(local: LocalAttempt, end: RecordedEnd | { endedAt: number; ending: Ending }): void {
    if (local.phase === "ended") return;
    const holdsSlot = local.phase !== "in line";
    local.phase = "ended";
    line.delete(local);
    observe(local);
    void handOver(local, end, holdsSlot);
  }

  /** What the run leaves is brought to safety; then its end is told and its slot is free. */
  async function handOver(
    local: LocalAttempt,
    end: RecordedEnd | { endedAt: number; ending: Ending },
    holdsSlot: boolean,
  ) {
    const { assignment } = local;
    if (assignment.snapshot !== null && end.ending.kind !== "never_began") {
      const { keepResults } = await import("./code.ts");
      await keepResults(options.snapshots, assignment.snapshot, spool, assignment.attempt).catch((error: unknown) =>
        options.log(`results of ${assignment.attempt} stay in its spool: ${systemErrorText(error)}`),
      );
    }
    boundary("agent: collected");
    outbox.ended(collectEnd(spool, local.assignment, end, limitReached(local)));
    claims.release(local.assignment);
    if (holdsSlot) ledger.release(local.assignment.slot);
    advance();
  }

  function observe(local: LocalAttempt): void {
    const news = local.events.read();
    if (news) outbox.observed({ kind: "observed", attempt: local.assignment.attempt, ...news });
  }

  function accept(assignments: Assignment[]): void {
    for (const assignment of assignments) takeOn(assignment);
    advance();
  }

  function resume(assignments: Assignment[]): void {
    for (const assignment of assignments) {
      const local = takeOn(assignment);
      if (local) adopt(local);
    }
    advance();
  }

  /** Null where it is known already. */
  function takeOn(assignment: Assignment): LocalAttempt | null {
    if (locals.has(assignment.attempt)) return null;
    const local = newLocalAttempt(spool, assignment);
    locals.set(assignment.attempt, local);
    line.add(local);
    return local;
  }

  /** What its folder says that was done already is not done again; nor what the yard knows, where the folder is gone. */
  function adopt(local: LocalAttempt): void {
    const { attempt, slot, started } = local.assignment;
    const folder = workerFolder(spool, attempt);
    const state = readFolder(folder);
    if (!started && (state.kind === "absent" || state.kind === "prepared")) return;
    line.delete(local);
    ledger.hold(slot);
    local.phase = "running";
    local.adopted = true;
    local.lookAt = 0;
    if (state.kind === "ended") end(local, state.end);
    else if (state.kind === "stopped") finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
    else if (state.kind === "begun" && state.command) begin(local, state.command.pid, startSign(folder));
  }

  function stop(stops: Stop[]): void {
    const running: LocalAttempt[] = [];
    for (const wish of stops) {
      const local = locals.get(wish.attempt);
      if (!local || local.phase === "ended" || !isNewWish(wish, local.stop)) continue;
      if (local.phase === "in line" || forbidBegin(workerFolder(spool, wish.attempt))) {
        local.stop = wish;
        finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
      } else if (wish.reason !== "withdrawn") {
        // What was to be taken back as long as it had not begun goes on where it has.
        local.stop = wish;
        local.phase = "ending";
        running.push(local);
      }
    }
    for (const [graceMs, locals] of Map.groupBy(running, (local) => local.stop?.graceMs ?? 0)) {
      void endAll(locals, graceMs);
    }
  }

  /** Again and again until their ends are there: a launcher that has just begun may not have started its command yet. */
  async function endAll(which: LocalAttempt[], graceMs: number): Promise<void> {
    let left = which;
    for (let pauseMs = 20; left.length > 0; pauseMs = Math.min(2 * pauseMs, LOOK_MS)) {
      await trees.end(left, graceMs);
      for (const local of left) look(local);
      left = left.filter((local) => local.phase !== "ended" && !trees.isDue(local));
      if (left.length > 0) await sleep(pauseMs);
    }
  }

  function tend(now: number): void {
    for (const local of locals.values()) {
      if (local.phase !== "running" && local.phase !== "ending" && local.phase !== "launching") continue;
      observe(local);
      const { attempt } = local.assignment;
      if (local.limitAt !== null && now >= local.limitAt) {
        local.limitAt = null;
        stop([{ attempt, reason: "time_limit", graceMs: 10_000 }]);
      }
      const isDue = now >= local.lookAt || (local.adopted && hasExit(workerFolder(spool, attempt)));
      if (isDue) look(local);
      // Many that began together are looked at one after the other.
      if (isDue) local.lookAt = now + LOOK_MS * (0.5 + Math.random());
    }
  }

  /** What the folder says, where no news told of it. */
  function look(local: LocalAttempt): void {
    if (local.phase === "ended" || trees.isDue(local)) return;
    const state = readFolder(workerFolder(spool, local.assignment.attempt));
    if (state.kind === "ended") end(local, state.end);
    else if (state.kind === "stopped") finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
    else if (state.kind === "begun" && !hasLauncher(state) && !isBeingWritten(local, state)) void lose(local);
    // Nobody will tell of its end: the news go to the agent that had it launched.
    else if (local.adopted && state.kind !== "begun") void lose(local);
  }

  /** A launcher makes its mark and then says in it who it is: for a blink the mark is empty. */
  function isBeingWritten({ assignment }: LocalAttempt, { launcher }: { launcher: unknown }): boolean {
    return launcher === null && Math.abs(Date.now() - lastSign(workerFolder(spool, assignment.attempt))) < LOOK_MS;
  }

  /** The launcher is gone without a word: what is left of the run is ended, and the run is lost. */
  async function lose(local: LocalAttempt): Promise<void> {
    if (local.phase === "ended") return;
    const folder = workerFolder(spool, local.assignment.attempt);
    const endedAt = lastSign(folder);
    await trees.end([local], 0);
    const state = readFolder(folder);
    if (state.kind === "ended") return finish(local, state.end);
    const startedAt = local.startedAt ?? endedAt;
    const detail = describeLoss(folder, readProcesses(folder).launcher);
    finish(local, { startedAt, endedAt, ending: { kind: "lost", detail } });
  }

  return {
    accept,
    resume,
    stop,
    started,
    ended,
    couldNotLaunch,
    kept: (attempt) => locals.delete(attempt),
    refit(slots, hardware) {
      const areNew = slots !== null && !explicitSlots;
      explicitSlots = slots !== null;
      ledger = openLedger(machineOf(slots, hardware));
      idle = openLedger(machineOf(slots, hardware));
      for (const { phase, assignment, pid } of locals.values()) {
        if (phase === "in line" || phase === "ended") continue;
        ledger.hold(assignment.slot);
        // What was counted has its GPUs for itself; now slots may share them.
        if (areNew && pid !== null) claims.handOver(assignment, pid, true);
      }
      advance();
    },
    tend,
    isKnown: (attempt) => locals.has(attempt),
    count: () => [...locals.values()].filter(({ phase }) => phase !== "ended").length,
  };
}

function machineOf(slots: string[] | null, hardware: Hardware): Machine {
  return { id: 0, name: "", pool: "", hardware, slots, drained: false, seenAt: 0, unreachableSince: null };
}
