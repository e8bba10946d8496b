import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment, Stop } from "../core/assignment.ts";
import type { Hardware } from "../core/machine.ts";
import { tellsMemory } from "../platform/process_memory.ts";
import { type Attempt, type AttemptWays, LOOK_MS, openAttempt } from "./attempt.ts";
import { openLine } from "./line.ts";
import { openTrees, type TreesOptions } from "./trees.ts";

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
  /** What they hold of GPUs, by attempt, in bytes. */
  sawGpuMemory(held: ReadonlyMap<string, number>): void;
  isKnown(attempt: string): boolean;
  /** How many run or are to run. */
  count(): number;
}

export interface AttemptsOptions extends Omit<AttemptWays, "line" | "trees"> {
  launcher: TreesOptions["launcher"];
}

const TIME_LIMIT_GRACE_MS = 10_000;
/** Their memory is looked at this often, or so seldom that it takes no more than a hundredth of a core. */
const MEASURE_MS = 2000;
const LEAST_IDLE_SHARE = 100;
/** What has run for less is not worth a look: its launcher says at the end what it held. */
const WORTH_MEASURING_MS = 1000;

export function openAttempts(options: AttemptsOptions): Attempts {
  const attempts = new Map<string, Attempt>();
  const line = openLine<Attempt>(
    (attempt) => attempt.launch(),
    (attempt) => attempt.giveBack(),
  );
  const trees = openTrees({ spool: options.spool, running, launcher: options.launcher });
  const ways: AttemptWays = { ...options, line, trees };
  let measureAt = 0;

  /** Null where it is known already. */
  function takeOn(assignment: Assignment): Attempt | null {
    if (attempts.has(assignment.attempt)) return null;
    const attempt = openAttempt(assignment, ways);
    attempts.set(assignment.attempt, attempt);
    line.join(attempt);
    return attempt;
  }

  function* running(): Iterable<{ attempt: string; pid: number }> {
    for (const [attempt, one] of attempts) {
      const pid = one.pid();
      if (one.phase() === "running" && pid !== null) yield { attempt, pid };
    }
  }

  function stop(stops: Stop[]): void {
    const begun: { attempt: Attempt; graceMs: number }[] = [];
    for (const wish of stops) {
      const attempt = attempts.get(wish.attempt);
      if (attempt?.stop(wish)) begun.push({ attempt, graceMs: wish.graceMs });
    }
    for (const [graceMs, alike] of Map.groupBy(begun, (one) => one.graceMs)) {
      void endAll(
        alike.map(({ attempt }) => attempt),
        graceMs,
      );
    }
  }

  /** Again and again until their ends are there: a launcher that has just begun may not have started its command yet. */
  async function endAll(which: Attempt[], graceMs: number): Promise<void> {
    let left = which;
    for (let pauseMs = 20; left.length > 0; pauseMs = Math.min(2 * pauseMs, LOOK_MS)) {
      await trees.end(
        left.map(({ assignment }) => assignment.attempt),
        graceMs,
      );
      for (const attempt of left) attempt.look();
      left = left.filter((attempt) => !attempt.isOver());
      if (left.length > 0) await sleep(pauseMs);
    }
  }

  function measure(now: number): void {
    if (!tellsMemory) return;
    const known = new Map<string, number | null>();
    const clock = Date.now();
    for (const [id, attempt] of attempts) {
      if (clock - (attempt.startedAt() ?? clock) < WORTH_MEASURING_MS || attempt.isOver()) continue;
      known.set(id, attempt.peaks().memoryPeakBytes);
    }
    if (known.size === 0) return;
    const startedAt = performance.now();
    for (const [id, memoryPeakBytes] of trees.measure(known)) attempts.get(id)?.held({ memoryPeakBytes });
    measureAt = now + Math.max(MEASURE_MS, LEAST_IDLE_SHARE * (performance.now() - startedAt));
  }

  return {
    accept(assignments) {
      for (const assignment of assignments) takeOn(assignment);
      line.advance();
    },
    resume(assignments) {
      for (const assignment of assignments) takeOn(assignment)?.adopt();
      line.advance();
    },
    stop,
    started: (attempt, pid, at) => attempts.get(attempt)?.started(pid, at),
    ended: (attempt, exit) => attempts.get(attempt)?.ended(exit),
    couldNotLaunch: (attempt, reason) => attempts.get(attempt)?.couldNotLaunch(reason),
    kept: (attempt) => attempts.delete(attempt),
    refit(slots, hardware) {
      const areNew = slots !== null && !line.sharesGpus();
      line.refit(slots, hardware);
      // What was counted has its GPUs for itself; now slots may share them.
      if (areNew) for (const attempt of attempts.values()) attempt.shareGpus();
      line.advance();
    },
    tend(now) {
      for (const [id, attempt] of attempts) {
        if (attempt.isOverTime(now)) stop([{ attempt: id, reason: "time_limit", graceMs: TIME_LIMIT_GRACE_MS }]);
        attempt.tend(now);
      }
      if (now >= measureAt) measure(now);
    },
    sawGpuMemory(held) {
      for (const [id, gpuMemoryPeakBytes] of held) attempts.get(id)?.held({ gpuMemoryPeakBytes });
    },
    isKnown: (attempt) => attempts.has(attempt),
    count: () => [...attempts.values()].filter((attempt) => attempt.phase() !== "ended").length,
  };
}
