import { type RecordedEnd, readProcesses } from "../spool/folder.ts";
import { type Spool, workerFolder } from "../spool/layout.ts";
import { endTree, type TreeRoot } from "../spool/process_tree.ts";
import type { LocalAttempt } from "./local_attempt.ts";

/** Ends the process trees of attempts. */
export interface Trees {
  /** SIGTERM, and after the grace SIGKILL, until nothing of them is left. */
  end(which: LocalAttempt[], graceMs: number): Promise<void>;
  /** Ends what a command left behind; its end is told after that. One look at the process table for all that end together. */
  sweep(local: LocalAttempt, end: RecordedEnd): void;
  /** Whether a sweep of it is about to come. */
  isDue(local: LocalAttempt): boolean;
}

export interface TreesOptions {
  spool: Spool;
  /** All attempts of this machine. */
  all: () => Iterable<LocalAttempt>;
  /** The process whose children the launchers are; null where there is none at the moment. */
  forkServer: () => number | null;
  onSwept: (local: LocalAttempt, end: RecordedEnd) => void;
}

/** What a command left behind gets this long between SIGTERM and SIGKILL. */
const LEFTOVER_GRACE_MS = 200;
const SWEEP_PAUSE_MS = 5;

export function openTrees({ spool, all, forkServer, onSwept }: TreesOptions): Trees {
  const unswept = new Map<LocalAttempt, RecordedEnd>();

  async function end(which: LocalAttempt[], graceMs: number): Promise<void> {
    const ending = new Set(which);
    const roots = which.map(({ assignment: { attempt } }): TreeRoot => {
      return { attempt, ...readProcesses(workerFolder(spool, attempt)) };
    });
    const others = [...all()].filter((local) => local.phase === "running" && !ending.has(local));
    const except = others.flatMap(({ pid }) => (pid === null ? [] : [pid]));
    await endTree(roots, { graceMs, except, forkServer: forkServer() });
  }

  async function sweepAll(): Promise<void> {
    const ends = [...unswept];
    unswept.clear();
    await end(
      ends.map(([local]) => local),
      LEFTOVER_GRACE_MS,
    );
    for (const [local, recorded] of ends) onSwept(local, recorded);
  }

  return {
    end,
    sweep(local, recorded) {
      if (unswept.size === 0) setTimeout(() => void sweepAll(), SWEEP_PAUSE_MS);
      unswept.set(local, recorded);
    },
    isDue: (local) => unswept.has(local),
  };
}
