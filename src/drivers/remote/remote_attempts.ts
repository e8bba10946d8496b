import { type Assignment, isNewWish, type Stop } from "../../core/assignment.ts";
import { type Ledger, openLedger } from "../../core/ledger.ts";
import { type Hardware, itself, UNKNOWN_HARDWARE } from "../../core/machine.ts";
import { haveRisen, higherPeaks, type Peaks, UNSEEN } from "../../core/peaks.ts";
import type { Seat } from "../../core/report.ts";
import type { Ending } from "../../core/run.ts";
import type { Observations } from "../../core/run_event.ts";
import { saysDiskFull } from "../../spool/disk_full.ts";
import type { RemoteState } from "../../spool/host.ts";
import type { Outbox } from "../../spool/outbox.ts";
import type { DriverMachine } from "../driver.ts";
import type { Verdict } from "./verdict.ts";

/** Where an attempt on a machine behind ssh stands, as far as the yard knows. */
type Phase = "in line" | "sending" | "sent" | "begun" | "sweeping" | "collecting" | "told";

export interface RemoteAttempt {
  assignment: Assignment;
  phase: Phase;
  startedAt: number | null;
  stop: Stop | null;
  /** How it ended; null: it has not. */
  end: { exit: string } | { ending: Ending; endedAt: number } | null;
  holdsSlot: boolean;
  /** Where on a cluster it is; null: not known, or its machine is none. */
  seat: Seat | null;
  /** What its cluster says of its end; null: nothing. */
  verdict: Pick<Verdict, "timeLimitMs" | "symptom" | "isInterrupted"> | null;
  /** What it was seen to hold at the most, and what of that has been told. */
  peaks: Peaks;
  toldPeaks: Peaks;
}

/** What is done on the machine; everything is asked for again after a break of the connection. */
export interface RemoteHands {
  /** Lays out the folders of attempts; answers why those could not be that are not there now. Null: it broke off. */
  send(attempts: readonly RemoteAttempt[]): Promise<Map<string, string> | null>;
  /** Notes, on this side, that the folder is there: without it later, it has been removed. */
  markSent(attempt: string): void;
  wasSent(attempt: string): boolean;
  begin(attempts: string[]): void;
  /** What has not begun never will; what has goes on. */
  forbid(attempt: string): void;
  stop(graceMs: number, attempt: string): void;
  /** Ends what commands that are over have left. */
  sweep(attempts: string[]): void;
  /** Brings over what they leave, then tells of their end. Where that breaks off, it is asked again. */
  collect(attempts: RemoteAttempt[]): void;
  /** Tells of its end. */
  tell(attempt: RemoteAttempt): void;
  /** The machine is looked at before something is given back, and the yard hears how it stands. */
  onRefused(reason: string): Promise<void>;
  log(text: string): void;
}

export interface RemoteAttempts {
  accept(assignments: readonly Assignment[]): void;
  stop(stops: readonly Stop[]): void;
  refit(machine: Pick<DriverMachine, "slots" | "cluster">, hardware: Hardware): void;
  started(attempt: string, at: number, pid: number): void;
  /** Where on a cluster it is. */
  sits(attempt: string, seat: Seat): void;
  ended(attempt: string, exit: string): void;
  /** It is over by the word of its cluster, whose verdict counts beside what its launcher has left, if that is anything. */
  judged(attempt: string, exit: string | null, verdict: Verdict): void;
  /** Nothing of it was executed. */
  failed(attempt: string, reason: string): void;
  refused(attempt: string, reason: string): void;
  /** As a look has told; `clockMs` is what has to be added to the machine's clock to have ours. */
  state(attempt: string, state: RemoteState, there: { bootId: string; clockMs: number }): void;
  /** What attempts hold now. */
  held(seen: ReadonlyMap<string, Peaks>): void;
  swept(attempt: string): void;
  told(attempt: string): void;
  kept(attempt: string): void;
  /** The connection is there (again): whatever was asked for and not answered is asked again. */
  connected(): void;
  disconnected(): void;
  /** What has not been sent goes back to the queue: the machine may be gone for long, and others are there. */
  giveBackLine(): void;
  /** Looks after those in line, and those whose time is over. */
  tend(now: number): void;
  /** What a look is to ask for. */
  watched(): string[];
  get(attempt: string): RemoteAttempt | undefined;
  /** The code that they work in. */
  snapshots(): Set<string>;
}

const TIME_LIMIT_GRACE_MS = 10_000;
/** What ends while others are swept waits no longer for them: what they left may be hard to end. */
const SWEEP_PATIENCE_MS = 300;
const NOTHING_NEW: Observations = { progress: null, metrics: {}, result: {} };

/** The life of a machine's attempts. It decides; `hands` act. */
export function openRemoteAttempts(outbox: Outbox, hands: RemoteHands): RemoteAttempts {
  const known = new Map<string, RemoteAttempt>();
  let ledger: Ledger = openLedger(itself(null, UNKNOWN_HARDWARE));
  let isConnected = false;
  let isSending = false;
  const toSweep = new Set<string>();
  const beingSwept = new Set<string>();
  let sweeping: NodeJS.Timeout | null = null;

  /** Sends what stands in line and whose slot is free, in order, many at once. */
  async function advance(): Promise<void> {
    if (isSending || !isConnected) return;
    const ready: RemoteAttempt[] = [];
    for (const remote of known.values()) {
      if (remote.phase !== "in line" || !ledger.isFree(remote.assignment.slot)) continue;
      hold(remote);
      remote.phase = "sending";
      ready.push(remote);
    }
    if (ready.length === 0) return;
    isSending = true;
    const problems = await hands.send(ready);
    isSending = false;
    const arrived: string[] = [];
    for (const remote of ready) {
      if (remote.phase !== "sending") continue;
      const { attempt } = remote.assignment;
      const problem = problems?.get(attempt);
      if (problem !== undefined) failed(attempt, problem);
      // The rest of the line waits for the next look after it.
      else if (!problems || !isConnected) toLine(remote);
      else {
        hands.markSent(attempt);
        remote.phase = "sent";
        arrived.push(attempt);
      }
    }
    if (arrived.length > 0) hands.begin(arrived);
    if (problems) void advance();
  }

  function hold(remote: RemoteAttempt): void {
    if (!remote.holdsSlot) ledger.hold(remote.assignment.slot);
    remote.holdsSlot = true;
  }

  function release(remote: RemoteAttempt): void {
    if (remote.holdsSlot) ledger.release(remote.assignment.slot);
    remote.holdsSlot = false;
  }

  function toLine(remote: RemoteAttempt): void {
    release(remote);
    remote.phase = "in line";
  }

  function accept(assignments: readonly Assignment[]): void {
    for (const assignment of assignments) {
      const { attempt } = assignment;
      if (known.has(attempt)) continue;
      const isSent = hands.wasSent(attempt);
      const remote: RemoteAttempt = {
        assignment,
        phase: isSent ? "sent" : "in line",
        startedAt: null,
        stop: null,
        end: null,
        seat: null,
        verdict: null,
        holdsSlot: false,
        peaks: UNSEEN,
        toldPeaks: UNSEEN,
      };
      known.set(attempt, remote);
      if (isSent) hold(remote);
    }
    void advance();
  }

  function stop(stops: readonly Stop[]): void {
    for (const wish of stops) {
      const remote = known.get(wish.attempt);
      if (!remote || remote.end !== null || !isNewWish(wish, remote.stop)) continue;
      remote.stop = wish;
      if (remote.phase === "in line" || remote.phase === "sending") neverBegan(remote);
      else if (wish.reason === "withdrawn" && remote.phase === "begun") remote.stop = null;
      else if (isConnected) askToStop(wish);
    }
  }

  function askToStop({ attempt, reason, graceMs }: Stop): void {
    if (reason === "withdrawn") hands.forbid(attempt);
    else hands.stop(graceMs, attempt);
  }

  function neverBegan(remote: RemoteAttempt): void {
    finish(remote, { ending: { kind: "never_began" }, endedAt: Date.now() });
  }

  /** Its command is over, or never will begin: what it left is ended, then everything is brought over. */
  function finish(remote: RemoteAttempt, end: NonNullable<RemoteAttempt["end"]>): void {
    if (remote.end !== null) return;
    remote.end = end;
    if ("ending" in end && (end.ending.kind === "never_began" || end.ending.kind === "could_not_start")) {
      release(remote);
      // Nothing of it was executed, so there is nothing to bring.
      hands.tell(remote);
    } else {
      remote.phase = "sweeping";
      sweep(remote.assignment.attempt);
    }
    void advance();
  }

  /** Those that end together are swept together, and those that end while a busy machine sweeps, after that. */
  function sweep(attempt: string): void {
    toSweep.add(attempt);
    sweeping ??= setTimeout(sweepAll, beingSwept.size === 0 ? 0 : SWEEP_PATIENCE_MS);
  }

  function sweepAll(): void {
    if (sweeping !== null) clearTimeout(sweeping);
    sweeping = null;
    const attempts = [...toSweep];
    toSweep.clear();
    if (!isConnected || attempts.length === 0) return;
    for (const attempt of attempts) beingSwept.add(attempt);
    hands.sweep(attempts);
  }

  function collect(remote: RemoteAttempt): void {
    remote.phase = "collecting";
    if (isConnected) hands.collect([remote]);
  }

  function started(attempt: string, at: number, pid: number): void {
    const remote = known.get(attempt);
    if (!remote || (remote.phase !== "sent" && remote.phase !== "sending")) return;
    remote.phase = "begun";
    remote.startedAt = at;
    outbox.started({ kind: "started", attempt, at, pid, ...(remote.seat && { seat: remote.seat }) });
    if (remote.stop?.reason === "withdrawn") remote.stop = null;
  }

  function failed(attempt: string, reason: string): void {
    const remote = known.get(attempt);
    if (!remote || remote.end !== null) return;
    if (saysDiskFull(reason)) void giveBack(remote, reason);
    else finish(remote, { ending: { kind: "could_not_start", reason }, endedAt: Date.now() });
  }

  async function giveBack(remote: RemoteAttempt, reason: string): Promise<void> {
    hands.log(`${remote.assignment.attempt} is given back: ${reason}`);
    await hands.onRefused(reason);
    neverBegan(remote);
  }

  function state(attempt: string, found: RemoteState, there: { bootId: string; clockMs: number }): void {
    const remote = known.get(attempt);
    if (!remote || remote.end !== null || remote.phase === "in line" || remote.phase === "sending") return;
    const now = Date.now();
    if (found.kind === "ended") finish(remote, { exit: found.exit });
    else if (found.kind === "stopped") neverBegan(remote);
    // Laid out, and perhaps never told to begin. What has begun meanwhile is left as it is.
    else if (found.kind === "prepared") hands.begin([attempt]);
    else if (found.kind === "begun" && remote.phase === "sent")
      started(attempt, found.at === null ? now : found.at + there.clockMs, 0);
    else if (found.kind === "left") {
      const detail = found.bootId === there.bootId ? "its launcher was killed" : "the machine restarted while it ran";
      finish(remote, { ending: { kind: "lost", detail }, endedAt: now });
    } else if (found.kind === "absent") {
      finish(remote, { ending: { kind: "lost", detail: "its folder on the machine is gone" }, endedAt: now });
    }
  }

  function connected(): void {
    isConnected = true;
    for (const remote of known.values()) {
      if (remote.phase === "sweeping") sweep(remote.assignment.attempt);
      else if (remote.phase === "collecting") hands.collect([remote]);
      else if (remote.stop && (remote.phase === "sent" || remote.phase === "begun")) askToStop(remote.stop);
    }
    void advance();
  }

  return {
    accept,
    stop,
    refit({ slots, cluster }, hardware) {
      ledger = openLedger({ ...itself(slots, hardware), hasQueue: cluster !== null });
      for (const { holdsSlot, assignment } of known.values()) if (holdsSlot) ledger.hold(assignment.slot);
      void advance();
    },
    started,
    ended(attempt, exit) {
      const remote = known.get(attempt);
      if (remote) finish(remote, { exit });
    },
    sits(attempt, seat) {
      const remote = known.get(attempt);
      if (remote) remote.seat = seat;
    },
    judged(attempt, exit, verdict) {
      const remote = known.get(attempt);
      if (!remote || remote.end !== null) return;
      remote.verdict = verdict;
      finish(remote, exit === null ? { ending: verdict.ending, endedAt: Date.now() } : { exit });
    },
    failed,
    refused(attempt, reason) {
      const remote = known.get(attempt);
      if (remote && remote.end === null) void giveBack(remote, reason);
    },
    state,
    held(seen) {
      for (const [attempt, now] of seen) {
        const remote = known.get(attempt);
        if (!remote || remote.end !== null) continue;
        remote.peaks = higherPeaks(remote.peaks, now);
        if (!haveRisen(remote.toldPeaks, remote.peaks)) continue;
        remote.toldPeaks = remote.peaks;
        outbox.observed({ kind: "observed", attempt, ...NOTHING_NEW, ...remote.peaks });
      }
    },
    swept(attempt) {
      beingSwept.delete(attempt);
      if (beingSwept.size === 0) sweepAll();
      const remote = known.get(attempt);
      if (remote?.phase !== "sweeping") return;
      release(remote);
      collect(remote);
      void advance();
    },
    told(attempt) {
      const remote = known.get(attempt);
      if (remote) remote.phase = "told";
    },
    kept: (attempt) => known.delete(attempt),
    connected,
    disconnected() {
      isConnected = false;
      beingSwept.clear();
    },
    giveBackLine() {
      for (const remote of known.values()) if (remote.phase === "in line") neverBegan(remote);
    },
    tend(now) {
      void advance();
      for (const { phase, startedAt, assignment } of known.values()) {
        const { timeLimitMs, attempt } = assignment;
        if (phase !== "begun" || timeLimitMs === null || startedAt === null) continue;
        // Slurm warns it, and ends it; then it goes on.
        if (assignment.handed?.resumable) continue;
        if (now - startedAt >= timeLimitMs) stop([{ attempt, reason: "time_limit", graceMs: TIME_LIMIT_GRACE_MS }]);
      }
    },
    watched: () =>
      [...known].flatMap(([attempt, { phase }]) => (phase === "sent" || phase === "begun" ? [attempt] : [])),
    get: (attempt) => known.get(attempt),
    snapshots: () => new Set([...known.values()].flatMap(({ assignment: { snapshot } }) => snapshot ?? [])),
  };
}
