import { setTimeout as sleep } from "node:timers/promises";
import { type Assignment, isNewWish, type Stop } from "../core/assignment.ts";
import type { Slot } from "../core/demand.ts";
import { haveRisen, higherPeaks, type Peaks, UNSEEN } from "../core/peaks.ts";
import type { Ending } from "../core/run.ts";
import type { Observations } from "../core/run_event.ts";
import { boundary } from "../platform/boundary.ts";
import { isPortFree } from "../platform/network.ts";
import { ageMs, identify } from "../platform/processes.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { collectEnd, describeLoss, FOLDER_GONE, lastSign, startSign } from "../spool/collect.ts";
import { saysDiskFull } from "../spool/disk_full.ts";
import { openEventReader } from "../spool/events.ts";
import {
  forbidBegin,
  grantGrace,
  hasExit,
  hasLauncher,
  keepCheckpoints,
  prepareFolder,
  type RecordedEnd,
  readEnd,
  readFolder,
  removeFolder,
} from "../spool/folder.ts";
import { attemptFolder, environmentFile, keptFolder, type Spool, workerFolder } from "../spool/layout.ts";
import type { Outbox } from "../spool/outbox.ts";
import type { Claims } from "./claims.ts";
import { keepLeavings } from "./leavings.ts";
import type { Line } from "./line.ts";
import type { Trees } from "./trees.ts";

/** One attempt on this machine: from its place in line to the report of its end. */
export interface Attempt {
  readonly assignment: Assignment;
  readonly slot: Slot;
  phase(): Phase;
  /** Of its command; null: not known. */
  pid(): number | null;
  /** When its command began, as far as is known. */
  startedAt(): number | null;
  peaks(): Peaks;
  /** Its slot is free: it is laid out and given to the launcher. */
  launch(): void;
  /** Its slot is no longer there: it is queued again. */
  giveBack(): void;
  /** An agent before this one had it: what its folder says was done already is not done again. */
  adopt(): void;
  /** The launcher's word. */
  started(pid: number, at: number): void;
  ended(exit: string): void;
  couldNotLaunch(reason: string): void;
  /** Slots that share GPUs have been named: others may have its GPUs too. */
  shareGpus(): void;
  /** True: it has begun, and its processes are to be ended. */
  stop(wish: Stop): boolean;
  isOverTime(now: number): boolean;
  /** It was seen to hold that much. */
  held(seen: Partial<Peaks>): void;
  /** What its folder says, where no news told of it. */
  look(): void;
  /** Takes over what it tells of itself, and looks from time to time. */
  tend(now: number): void;
  /** Its command has ended: what is left of it is seen to. */
  isOver(): boolean;
}

export type Phase = "in line" | "launching" | "giving back" | "running" | "ending" | "ended";

/** What attempts need of their machine. */
export interface AttemptWays {
  spool: Spool;
  outbox: Outbox;
  claims: Claims;
  line: Line<Attempt>;
  trees: Trees;
  /** Makes sure the file with these variables is there. False: the yard cannot be asked for them now. */
  fetchEnvironment: (environment: string) => Promise<boolean>;
  /** Gives a worker's folder to the launcher. */
  launch: (folder: string) => void;
  /** The folder of the Python client library. */
  python: string | null;
  log: (text: string) => void;
  /** Where snapshots of code are kept. */
  snapshots: string;
  /** The launcher does not see to it itself that an ended command leaves nothing behind. */
  sweeps: () => boolean;
  /** An attempt could not have its GPU or its folder: the yard should hear how the machine stands before it decides again. */
  onRefused: () => Promise<void>;
  onDiskFull: () => void;
  /** The agent starts nothing any more. */
  isOver: () => boolean;
}

type End = RecordedEnd | { endedAt: number; ending: Ending };

const NOTHING_NEW: Observations = { progress: null, metrics: {}, result: {} };
const REFUSED_PAUSE_MS = 500;
/** How often a folder is looked at for what no news told of: an end, a launcher that is gone. */
export const LOOK_MS = 2000;

export function openAttempt(assignment: Assignment, ways: AttemptWays): Attempt {
  const { spool, outbox, claims, line, trees } = ways;
  const { attempt: id, slot, timeLimitMs, gang } = assignment;
  const folder = workerFolder(spool, id);
  const events = openEventReader(`${folder}/events.jsonl`);
  let phase: Phase = "in line";
  let startedAt: number | null = null;
  let pid: number | null = null;
  let peaks = UNSEEN;
  let toldPeaks = UNSEEN;
  let stopping: Stop | null = null;
  /** Its end is looked for in the folder: nobody will tell of it. */
  let isAdopted = false;
  let isSweeping = false;
  /** At the last look its folder said no more that it has begun, and nothing of it lived. */
  let isMissed = false;
  /** When all of its folder is looked at next. */
  let lookAt = performance.now() + LOOK_MS;
  /** When its time limit is reached, by the steady clock; null: not known, or it has none. */
  let limitAt: number | null = null;

  const self: Attempt = {
    assignment,
    slot,
    phase: () => phase,
    pid: () => pid,
    startedAt: () => startedAt,
    peaks: () => peaks,
    launch() {
      phase = "launching";
      void launch();
    },
    giveBack: () => void giveBack(),
    adopt,
    started(commandPid, at) {
      if (!isOver() && pid === null) hasStarted(commandPid, at);
    },
    ended(exit) {
      const recorded = readEnd(folder, exit);
      if (recorded) end(recorded);
    },
    couldNotLaunch,
    shareGpus() {
      if (pid !== null && phase !== "ended") claims.handOver(assignment, pid, true);
    },
    stop,
    isOverTime: (now) => limitAt !== null && now >= limitAt,
    held(seen) {
      peaks = higherPeaks(peaks, { ...UNSEEN, ...seen });
      if (phase === "ended" || !haveRisen(toldPeaks, peaks)) return;
      toldPeaks = peaks;
      outbox.observed({ kind: "observed", attempt: id, ...NOTHING_NEW, ...peaks });
    },
    look,
    tend,
    isOver,
  };
  return self;

  function isOver(): boolean {
    return phase === "ended" || isSweeping;
  }

  async function launch(): Promise<void> {
    try {
      if (!(await ways.fetchEnvironment(assignment.environment))) return await giveBack();
      const refusal = await claims.take(assignment, line.sharesGpus());
      if (refusal !== null) return await giveBack();
      if (gang?.rank === 0 && !(await isPortFree(gang.port))) return await giveBack();
      // Stopped meanwhile: what was given back then was claimed only now.
      if (isOver()) claims.release(assignment);
      if (phase !== "launching") return;
      boundary("agent: accepted");
      const cwd = assignment.snapshot === null ? assignment.cwd : await layOutCode();
      // Of an agent that is over, the next one has it.
      if (phase !== "launching" || ways.isOver()) return;
      const spec = { ...assignment, cwd, folder, python: ways.python, login: null };
      const environment = environmentFile(spool, assignment.environment);
      const kept = keptFolder(spool, assignment);
      prepareFolder({ ...spec, environment }, assignment, kept);
      boundary("agent: prepared");
      ways.launch(folder);
    } catch (error) {
      couldNotLaunch(systemErrorText(error));
    }
  }

  /** Loaded only where a job brings its code: an agent is to stay small. */
  async function layOutCode(): Promise<string> {
    const { layOutWork } = await import("./code.ts");
    return layOutWork(ways.snapshots, assignment, folder);
  }

  function couldNotLaunch(reason: string): void {
    if (isBeyondStart()) return;
    if (saysDiskFull(reason)) {
      ways.onDiskFull();
      void giveBack();
    } else finish({ endedAt: Date.now(), ending: { kind: "could_not_start", reason } });
  }

  /** It is known to run or to be over, or on its way back: nothing can be wrong any more with its start. */
  function isBeyondStart(): boolean {
    return pid !== null || phase === "giving back" || isOver();
  }

  /** Nothing of it has begun, and something stands in the way here: it is queued again, once the yard has heard of that. */
  async function giveBack(): Promise<void> {
    if (isBeyondStart()) return;
    phase = "giving back";
    await ways.onRefused();
    // A yard that did not hear it would send it again at once.
    await sleep(REFUSED_PAUSE_MS);
    neverBegan();
  }

  /** Makes sure that it does not begin later. False: it has begun, and is taken over as it is. */
  function staysUnbegun(): boolean {
    if (forbidBegin(folder)) return true;
    takeOver();
    return false;
  }

  function neverBegan(): void {
    finish({ endedAt: Date.now(), ending: { kind: "never_began" } });
  }

  function adopt(): void {
    const { kind } = readFolder(folder);
    const isUnbegun = assignment.startedAt === null && (kind === "absent" || kind === "prepared");
    if (!isUnbegun || (kind === "prepared" && !clear())) takeOver();
  }

  /**
   * A launcher of the agent before may still come to what that has laid out: it is to find nothing, and all is laid out
   * anew. False: it has come, and the command has begun.
   */
  function clear(): boolean {
    if (!forbidBegin(folder)) return false;
    try {
      keepCheckpoints(folder, keptFolder(spool, assignment));
      removeFolder(attemptFolder(spool, id));
    } catch (error) {
      ways.log(`${folder} cannot be used again: ${systemErrorText(error)}`);
      neverBegan();
    }
    return true;
  }

  function takeOver(): void {
    const state = readFolder(folder);
    line.seat(self);
    phase = "running";
    startedAt = assignment.startedAt;
    isAdopted = true;
    lookAt = 0;
    if (state.kind === "ended") end(state.end);
    else if (state.kind === "stopped") neverBegan();
    else if (state.kind === "begun" && state.command) hasStarted(state.command.pid, startSign(folder));
  }

  function hasStarted(commandPid: number, at: number): void {
    phase = stopping ? "ending" : "running";
    startedAt = at;
    pid = commandPid;
    if (timeLimitMs !== null) {
      const command = identify(pid);
      limitAt = performance.now() + timeLimitMs - (command === null ? 0 : ageMs(command));
    }
    claims.handOver(assignment, pid, line.sharesGpus());
    outbox.started({ kind: "started", attempt: id, at, pid });
  }

  function stop(wish: Stop): boolean {
    if (phase === "ended" || !isNewWish(wish, stopping)) return false;
    const mayBeUnbegun = phase === "in line" || phase === "launching";
    if (phase === "giving back" || (mayBeUnbegun && staysUnbegun())) {
      stopping = wish;
      neverBegan();
      return false;
    }
    // It has begun: it was to be taken back only as long as it had not.
    if (wish.reason === "withdrawn" || isOver()) return false;
    stopping = wish;
    phase = "ending";
    grantGrace(folder, wish.graceMs);
    return true;
  }

  function tend(now: number): void {
    if (phase === "in line" || phase === "giving back" || phase === "ended") return;
    observe();
    if (now < lookAt && !(isAdopted && hasExit(folder))) return;
    look();
    // Many that began together are looked at one after the other.
    lookAt = now + LOOK_MS * (0.5 + Math.random());
  }

  function observe(): void {
    const news = events.read();
    if (news) outbox.observed({ kind: "observed", attempt: id, ...news, ...UNSEEN });
  }

  function look(): void {
    if (isOver()) return;
    const state = readFolder(folder);
    if (state.kind === "ended") end(state.end);
    else if (state.kind === "stopped") neverBegan();
    else if (state.kind !== "begun") missFolder();
    else if (!hasLauncher(state) && !isBeingWritten(state)) void lose(describeLoss(state.launcher));
    else if (state.command && pid === null) {
      // The news of it went astray, and so may that of its end.
      isAdopted = true;
      hasStarted(state.command.pid, startSign(folder));
    }
  }

  /** Its folder says nothing, though it has begun: as long as something of it lives, its end may still be told. */
  function missFolder(): void {
    if (phase === "launching") return;
    const isGone = !trees.isAlive(id);
    if (isGone && isMissed) void lose(FOLDER_GONE);
    isMissed = isGone;
  }

  /** A launcher makes its mark and then says in it who it is: for a blink the mark is empty. */
  function isBeingWritten({ launcher }: { launcher: unknown }): boolean {
    return launcher === null && Date.now() - lastSign(folder) < LOOK_MS;
  }

  /** Nobody will tell of its end: what is left of the run is ended, and the run is lost. */
  async function lose(detail: string): Promise<void> {
    const endedAt = lastSign(folder);
    await trees.end([id], 0);
    const state = readFolder(folder);
    if (state.kind === "ended") return finish(state.end);
    finish({ startedAt: startedAt ?? endedAt, endedAt, ending: { kind: "lost", detail } });
  }

  /** The command has ended: everything is handed over, once nothing of it is left. */
  function end(recorded: RecordedEnd): void {
    if (isOver()) return;
    if (isAdopted || ways.sweeps()) void sweep(recorded);
    else finish(recorded);
  }

  async function sweep(recorded: RecordedEnd): Promise<void> {
    isSweeping = true;
    await trees.sweep(id);
    finish(recorded);
  }

  function finish(how: End): void {
    if (phase === "ended") return;
    // A slot that it holds is free only when all is handed over; who has none must not be called up meanwhile.
    if (phase === "in line") line.leave(self);
    phase = "ended";
    observe();
    void handOver(how);
  }

  /** What the run leaves is brought to safety; then its end is told and its slot is free. */
  async function handOver(how: End): Promise<void> {
    await keepLeavings(assignment, how.ending, ways);
    boundary("agent: collected");
    const timeLimit = stopping?.reason === "time_limit" ? timeLimitMs : null;
    outbox.ended(collectEnd(spool, id, how, { timeLimitMs: timeLimit, peaks }));
    claims.release(assignment);
    line.leave(self);
    line.advance();
  }
}
