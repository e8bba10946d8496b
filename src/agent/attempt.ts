import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment, Stop } from "../core/assignment.ts";
import type { Slot } from "../core/demand.ts";
import { haveRisen, higherPeaks, type Peaks, UNSEEN } from "../core/peaks.ts";
import type { Ending } from "../core/run.ts";
import type { Observations } from "../core/run_event.ts";
import { boundary } from "../platform/boundary.ts";
import { ageMs, identify } from "../platform/processes.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { collectEnd, describeLoss, lastSign, startSign } from "../spool/collect.ts";
import { saysDiskFull } from "../spool/disk_full.ts";
import { openEventReader } from "../spool/events.ts";
import {
  forbidBegin,
  grantGrace,
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
import type { Claims } from "./claims.ts";
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

/** Who is being stopped already can only be hurried; what was to be taken back before it began is no reason to hurry. */
function isNewWish(wish: Stop, standing: Stop | null): boolean {
  return standing === null || (wish.reason !== "withdrawn" && wish.graceMs < standing.graceMs);
}

export type Phase = "in line" | "launching" | "running" | "ending" | "ended";

/** What attempts need of their machine. */
export interface AttemptWays {
  spool: Spool;
  outbox: Outbox;
  claims: Claims;
  line: Line<Attempt>;
  trees: Trees;
  /** Makes sure the file with these variables is there. */
  fetchEnvironment: (environment: string) => Promise<void>;
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
}

type End = RecordedEnd | { endedAt: number; ending: Ending };

const NOTHING_NEW: Observations = { progress: null, metrics: {}, result: {} };
const REFUSED_PAUSE_MS = 500;
/** How often a folder is looked at for what no news told of: an end, a launcher that is gone. */
export const LOOK_MS = 2000;

export function openAttempt(assignment: Assignment, ways: AttemptWays): Attempt {
  const { spool, outbox, claims, line, trees } = ways;
  const { attempt: id, slot, timeLimitMs } = assignment;
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
      if (phase !== "launching" && !isAdopted) return;
      phase = stopping ? "ending" : "running";
      hasStarted(commandPid, at);
    },
    ended: (exit) => end(readEnd(folder, exit)),
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
    isOver: () => phase === "ended" || isSweeping,
  };
  return self;

  async function launch(): Promise<void> {
    try {
      await ways.fetchEnvironment(assignment.environment);
      const refusal = await claims.take(assignment, line.sharesGpus());
      if (refusal !== null) return await giveBack();
      if (phase !== "launching") return;
      boundary("agent: accepted");
      const cwd = assignment.snapshot === null ? assignment.cwd : await layOutCode();
      if (phase !== "launching") return;
      const spec = { ...assignment, cwd, folder, python: ways.python, login: null };
      const environment = environmentFile(spool, assignment.environment);
      const kept = keptFolder(spool, assignment.job, assignment.n);
      prepareFolder({ ...spec, environment }, assignment.out, kept, assignment.kept);
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
    if (phase === "ended") return;
    if (saysDiskFull(reason)) {
      ways.onDiskFull();
      void giveBack();
    } else finish({ endedAt: Date.now(), ending: { kind: "could_not_start", reason } });
  }

  /** Nothing of it has begun, and something stands in the way here: it is queued again, once the yard has heard of that. */
  async function giveBack(): Promise<void> {
    await ways.onRefused();
    // A yard that did not hear it would send it again at once.
    await sleep(REFUSED_PAUSE_MS);
    neverBegan();
  }

  function neverBegan(): void {
    finish({ endedAt: Date.now(), ending: { kind: "never_began" } });
  }

  function adopt(): void {
    const state = readFolder(folder);
    // What has begun, as the yard knows, is not begun again where its folder is gone.
    if (assignment.startedAt === null && (state.kind === "absent" || state.kind === "prepared")) return;
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
    const standing = stopping;
    stopping = wish;
    if (phase === "in line" || forbidBegin(folder)) {
      neverBegan();
      return false;
    }
    if (wish.reason === "withdrawn") {
      // It has begun: it was to be taken back only as long as it had not.
      stopping = standing;
      return false;
    }
    phase = "ending";
    grantGrace(folder, wish.graceMs);
    return true;
  }

  function tend(now: number): void {
    if (phase === "in line" || phase === "ended") return;
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
    if (self.isOver()) return;
    const state = readFolder(folder);
    if (state.kind === "ended") end(state.end);
    else if (state.kind === "stopped") neverBegan();
    else if (state.kind === "begun" && !hasLauncher(state) && !isBeingWritten(state)) void lose();
    // Nobody will tell of its end: the news go to the agent that had it launched.
    else if (isAdopted && state.kind !== "begun") void lose();
  }

  /** A launcher makes its mark and then says in it who it is: for a blink the mark is empty. */
  function isBeingWritten({ launcher }: { launcher: unknown }): boolean {
    return launcher === null && Date.now() - lastSign(folder) < LOOK_MS;
  }

  /** The launcher is gone without a word: what is left of the run is ended, and the run is lost. */
  async function lose(): Promise<void> {
    const endedAt = lastSign(folder);
    await trees.end([id], 0);
    const state = readFolder(folder);
    if (state.kind === "ended") return finish(state.end);
    const detail = describeLoss(folder, readProcesses(folder).launcher);
    finish({ startedAt: startedAt ?? endedAt, endedAt, ending: { kind: "lost", detail } });
  }

  /** The command has ended: everything is handed over, once nothing of it is left. */
  function end(recorded: RecordedEnd): void {
    if (self.isOver()) return;
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
    phase = "ended";
    observe();
    void handOver(how);
  }

  /** What the run leaves is brought to safety; then its end is told and its slot is free. */
  async function handOver(how: End): Promise<void> {
    if (assignment.snapshot !== null && how.ending.kind !== "never_began") {
      const { keepResults } = await import("./code.ts");
      await keepResults(ways.snapshots, assignment.snapshot, spool, id).catch((error: unknown) =>
        ways.log(`results of ${id} stay in its spool: ${systemErrorText(error)}`),
      );
    }
    boundary("agent: collected");
    outbox.ended(
      collectEnd(spool, assignment, how, {
        timeLimitMs: stopping?.reason === "time_limit" ? timeLimitMs : null,
        peaks,
      }),
    );
    claims.release(assignment);
    line.leave(self);
    line.advance();
  }
}
