import { setTimeout as sleep } from "node:timers/promises";
import { readProcesses } from "../spool/folder.ts";
import type { Launcher } from "../spool/launcher.ts";
import { type Spool, workerFolder } from "../spool/layout.ts";
import { endTree, findTree, type TreeRoot } from "../spool/process_tree.ts";
import { raisedPeak } from "../spool/tree_memory.ts";

/** The process trees of this machine's attempts, by attempt. */
export interface Trees {
  /** Ends what an ended command has left behind: one look at the process table for all that end together. */
  sweep(attempt: string): Promise<void>;
  /** Ends everything of these attempts. */
  end(attempts: readonly string[], graceMs: number): Promise<void>;
  /** Whether a process of this attempt lives, found by its mark alone. */
  isAlive(attempt: string): boolean;
  /** The most memory that each of these has held, given what is known of it so far: one look at the process table for all. */
  measure(known: ReadonlyMap<string, number | null>): Map<string, number | null>;
}

export interface TreesOptions {
  spool: Spool;
  /** Attempts that run, with the process ids of their commands: they are not touched while others end. */
  running: () => Iterable<{ attempt: string; pid: number }>;
  launcher: Pick<Launcher, "implementation" | "forkServer">;
}

/** What a command left behind gets this long between SIGTERM and SIGKILL. */
const LEFTOVER_GRACE_MS = 200;
const SWEEP_PAUSE_MS = 5;

export function openTrees({ spool, running, launcher }: TreesOptions): Trees {
  /** Of those that were measured last. */
  let roots = new Map<string, TreeRoot>();
  let next: { attempts: string[]; done: Promise<void> } | null = null;

  async function sweepNext(): Promise<void> {
    await sleep(SWEEP_PAUSE_MS);
    const attempts = next?.attempts ?? [];
    next = null;
    await end(attempts, LEFTOVER_GRACE_MS);
  }

  async function end(attempts: readonly string[], graceMs: number): Promise<void> {
    const ending = new Set(attempts);
    const except = [...running()].flatMap(({ attempt, pid }) => (ending.has(attempt) ? [] : [pid]));
    await endTree(attempts.map(rootOf), { graceMs, except, forkServer: launcher.forkServer() });
  }

  function rootOf(attempt: string): TreeRoot {
    const root = { attempt, ...readProcesses(workerFolder(spool, attempt)) };
    // A launcher in sh may be at another attempt by now: its children say nothing of this one.
    return launcher.implementation === "sh" ? { ...root, launcher: null } : root;
  }

  return {
    sweep(attempt) {
      next ??= { attempts: [], done: sweepNext() };
      next.attempts.push(attempt);
      return next.done;
    },
    end,
    isAlive: (attempt) => findTree([{ attempt, launcher: null, command: null }], [], launcher.forkServer()).size > 0,
    measure(known) {
      roots = new Map([...known.keys()].map((attempt) => [attempt, roots.get(attempt) ?? rootOf(attempt)]));
      const trees = findTree([...roots.values()], [], launcher.forkServer());
      return new Map([...known].map(([attempt, peak]) => [attempt, raisedPeak(peak, trees.get(attempt) ?? [])]));
    },
  };
}
