import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment, Stop } from "../core/assignment.ts";
import { type Ledger, openLedger } from "../core/ledger.ts";
import { type Hardware, type Machine, UNKNOWN_HARDWARE } from "../core/machine.ts";
import type { Ending } from "../core/run.ts";
import { boundary } from "../platform/boundary.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { collectEnd, describeLoss, lastSign, startSign } from "../spool/collect.ts";
import { saysDiskFull } from "../spool/disk_full.ts";
import { type EventReader, openEventReader } from "../spool/events.ts";
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
import type { Outbox } from "../spool/outbox.ts";
import { endTree, type TreeRoot } from "../spool/process_tree.ts";
import type { Claims } from "./claims.ts";

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
  /** Looks after what runs: time limits, events, ends that nobody told of. */
  tend(now: number): void;
  isKnown(attempt: string): boolean;
  /** How many run or are to run. */
  count(): number;
}

type Phase = "in line" | "launching" | "running" | "ending" | "ended";

interface Local {
  assignment: Assignment;
  phase: Phase;
  startedAt: number | null;
  /** Of its command; null: not known. */
  pid: number | null;
  events: EventReader;
  stop: Stop | null;
  /** Its end is looked for in the folder: nobody will tell of it. */
  adopted: boolean;
  /** When all of its folder is looked at next. */
  lookAt: number;
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

/** What a command left behind gets this long between SIGTERM and SIGKILL. */
const LEFTOVER_GRACE_MS = 200;
const SWEEP_PAUSE_MS = 5;
const REFUSED_PAUSE_MS = 500;
/** How often a folder is looked at for what no news told of: an end, a launcher that is gone. */
const LOOK_MS = 2000;

export function openAttempts(options: AttemptsOptions): Attempts {
  const { spool, outbox, claims } = options;
  const locals = new Map<string, Local>();
  const line = new Set<Local>();
  let ledger: Ledger = openLedger(machineOf(null, UNKNOWN_HARDWARE));
  const unswept = new Map<Local, RecordedEnd>();
  let explicitSlots = false;

  /** Launches what stands in line and whose slot is free, in order. */
  function advance(): void {
    for (const local of line) {
      if (!ledger.isFree(local.assignment.slot)) continue;
      line.delete(local);
      ledger.hold(local.assignment.slot);
      local.phase = "launching";
      void launch(local);
    }
  }

  async function launch(local: Local): Promise<void> {
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
      const spec = { ...assignment, cwd, folder, python: options.python, login: null };
      const environment = environmentFile(spool, assignment.environment);
      const kept = keptFolder(spool, assignment.job, assignment.n);
      prepareFolder({ ...spec, environment }, assignment.out, kept, assignment.kept);
      boundary("agent: prepared");
      options.launch(folder);
    } catch (error) {
      couldNotLaunch(assignment.attempt, systemErrorText(error));
    }
  }

  /** Loaded only where a job brings its code: an agent is to stay small. */
  async function layOutCode({ assignment }: Local, folder: string): Promise<string> {
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
  async function giveBack(local: Local): Promise<void> {
    await options.onRefused();
    // A yard that did not hear it would send it again at once.
    await sleep(REFUSED_PAUSE_MS);
    finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
  }

  function started(attempt: string, pid: number, at: number): void {
    const local = locals.get(attempt);
    if (!local || (local.phase !== "launching" && !local.adopted)) return;
    local.phase = local.stop ? "ending" : "running";
    local.startedAt = at;
    local.pid = pid;
    claims.handOver(local.assignment, pid, explicitSlots);
    outbox.started({ kind: "started", attempt, at, pid });
  }

  function ended(attempt: string, exit: string): void {
    const local = locals.get(attempt);
    if (local) end(local, readEnd(workerFolder(spool, attempt), exit));
  }

  /** The command has ended: everything is handed over, once nothing of it is left. */
  function end(local: Local, recorded: RecordedEnd): void {
    if (local.phase === "ended" || unswept.has(local)) return;
    if (local.adopted || options.sweeps()) sweep(local, recorded);
    else finish(local, recorded);
  }

  /** Ends what the command left behind before its end is told: one look at the process table for all that end together. */
  function sweep(local: Local, end: RecordedEnd): void {
    if (unswept.size === 0) setTimeout(() => void sweepAll(), SWEEP_PAUSE_MS);
    unswept.set(local, end);
  }

  async function sweepAll(): Promise<void> {
    const ends = [...unswept];
    unswept.clear();
    await endTrees(
      ends.map(([local]) => local),
      LEFTOVER_GRACE_MS,
    );
    for (const [local, end] of ends) finish(local, end);
  }

  function finish(local: Local, end: RecordedEnd | { endedAt: number; ending: Ending }): void {
    if (local.phase === "ended") return;
    const holdsSlot = local.phase !== "in line";
    local.phase = "ended";
    line.delete(local);
    observe(local);
    void handOver(local, end, holdsSlot);
  }

  /** What the run leaves is brought to safety; then its end is told and its slot is free. */
  async function handOver(local: Local, end: RecordedEnd | { endedAt: number; ending: Ending }, holdsSlot: boolean) {
    const { assignment } = local;
    if (assignment.snapshot !== null && end.ending.kind !== "never_began") {
      const { keepResults } = await import("./code.ts");
      await keepResults(options.snapshots, assignment.snapshot, spool, assignment.attempt).catch((error: unknown) =>
        options.log(`results of ${assignment.attempt} stay in its spool: ${systemErrorText(error)}`),
      );
    }
    boundary("agent: collected");
    outbox.ended(collectEnd(spool, local.assignment, end, local.stop?.reason === "time_limit"));
    claims.release(local.assignment);
    if (holdsSlot) ledger.release(local.assignment.slot);
    advance();
  }

  function observe(local: Local): void {
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
  function takeOn(assignment: Assignment): Local | null {
    if (locals.has(assignment.attempt)) return null;
    const events = openEventReader(`${workerFolder(spool, assignment.attempt)}/events.jsonl`);
    const lookAt = Date.now() + LOOK_MS;
    const local: Local = {
      assignment,
      phase: "in line",
      startedAt: null,
      pid: null,
      events,
      stop: null,
      adopted: false,
      lookAt,
    };
    locals.set(assignment.attempt, local);
    line.add(local);
    return local;
  }

  /** What its folder says that was done already is not done again. */
  function adopt(local: Local): void {
    const { attempt, slot } = local.assignment;
    const folder = workerFolder(spool, attempt);
    const state = readFolder(folder);
    if (state.kind === "absent" || state.kind === "prepared") return;
    line.delete(local);
    ledger.hold(slot);
    local.phase = "running";
    local.adopted = true;
    local.lookAt = 0;
    if (state.kind === "ended") end(local, state.end);
    else if (state.kind === "stopped") finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
    else if (state.command) {
      const at = startSign(folder);
      local.startedAt = at;
      local.pid = state.command.pid;
      claims.handOver(local.assignment, local.pid, explicitSlots);
      outbox.started({ kind: "started", attempt, at, pid: local.pid });
    }
  }

  function stop(stops: Stop[]): void {
    const running: Local[] = [];
    for (const wish of stops) {
      const local = locals.get(wish.attempt);
      if (!local || local.stop || local.phase === "ended") continue;
      local.stop = wish;
      if (local.phase === "in line" || forbidBegin(workerFolder(spool, wish.attempt))) {
        finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
      } else if (wish.reason === "withdrawn") {
        // It has begun: it was to be taken back only as long as it had not.
        local.stop = null;
      } else {
        local.phase = "ending";
        running.push(local);
      }
    }
    for (const [graceMs, locals] of Map.groupBy(running, (local) => local.stop?.graceMs ?? 0)) {
      void endAll(locals, graceMs);
    }
  }

  /** Again and again until their ends are there: a launcher that has just begun may not have started its command yet. */
  async function endAll(which: Local[], graceMs: number): Promise<void> {
    let left = which;
    for (let pauseMs = 20; left.length > 0; pauseMs = Math.min(2 * pauseMs, LOOK_MS)) {
      await endTrees(left, graceMs);
      for (const local of left) look(local);
      left = left.filter((local) => local.phase !== "ended" && !unswept.has(local));
      if (left.length > 0) await sleep(pauseMs);
    }
  }

  async function endTrees(which: Local[], graceMs: number): Promise<void> {
    const ending = new Set(which);
    const roots = which.map(({ assignment: { attempt } }): TreeRoot => {
      return { attempt, ...readProcesses(workerFolder(spool, attempt)) };
    });
    const others = [...locals.values()].filter((local) => local.phase === "running" && !ending.has(local));
    const except = others.flatMap(({ pid }) => (pid === null ? [] : [pid]));
    await endTree(roots, { graceMs, except, forkServer: options.forkServer() });
  }

  function tend(now: number): void {
    for (const local of locals.values()) {
      if (local.phase !== "running" && local.phase !== "ending" && local.phase !== "launching") continue;
      observe(local);
      const { timeLimitMs, attempt } = local.assignment;
      if (timeLimitMs !== null && local.startedAt !== null && now - local.startedAt >= timeLimitMs) {
        stop([{ attempt, reason: "time_limit", graceMs: 10_000 }]);
      }
      const isDue = now >= local.lookAt || (local.adopted && hasExit(workerFolder(spool, attempt)));
      if (isDue) look(local);
      // Many that began together are looked at one after the other.
      if (isDue) local.lookAt = now + LOOK_MS * (0.5 + Math.random());
    }
  }

  /** What the folder says, where no news told of it. */
  function look(local: Local): void {
    if (local.phase === "ended" || unswept.has(local)) return;
    const state = readFolder(workerFolder(spool, local.assignment.attempt));
    if (state.kind === "ended") end(local, state.end);
    else if (state.kind === "stopped") finish(local, { endedAt: Date.now(), ending: { kind: "never_began" } });
    else if (state.kind === "begun" && !hasLauncher(state) && !isBeingWritten(local, state)) void lose(local);
  }

  /** A launcher makes its mark and then says in it who it is: for a blink the mark is empty. */
  function isBeingWritten({ assignment }: Local, { launcher }: { launcher: unknown }): boolean {
    return launcher === null && Date.now() - lastSign(workerFolder(spool, assignment.attempt)) < LOOK_MS;
  }

  /** The launcher is gone without a word: what is left of the run is ended, and the run is lost. */
  async function lose(local: Local): Promise<void> {
    if (local.phase === "ended") return;
    const folder = workerFolder(spool, local.assignment.attempt);
    const endedAt = lastSign(folder);
    await endTrees([local], 0);
    const state = readFolder(folder);
    if (state.kind === "ended") return finish(local, state.end);
    const startedAt = local.startedAt ?? endedAt;
    const detail = describeLoss(readProcesses(folder).launcher);
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
