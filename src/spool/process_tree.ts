import { setTimeout as sleep } from "node:timers/promises";
import { isDead, listProcessesSince, type ProcessIdentity, processName, readProcess } from "../platform/processes.ts";
import { type Look, type Sessions, type Strangers, sortIntoTrees, startOfTree } from "./tree_members.ts";

/** Where the process tree of an attempt is looked for. */
export interface TreeRoot {
  /** What RUNYARD_ATTEMPT says in the environment of the attempt's processes. */
  attempt: string;
  /** From `begun`. It is never part of the tree; null: not known. */
  launcher: ProcessIdentity | null;
  /** From `pid`; null: not known. */
  command: ProcessIdentity | null;
}

export interface TreeMember {
  pid: number;
  startTicks: number;
}

export interface EndTreeOptions {
  /** From SIGTERM to SIGKILL; 0: SIGKILL at once. */
  graceMs: number;
  /** Pids that are never touched, besides this process and the launchers: the agent, commands of other attempts. */
  except?: readonly number[];
  /** The fork server that runs now: it is not touched, nor are its children, the launchers. Default: none is known. */
  forkServer?: number | null;
  /** How long processes that do not even yield to SIGKILL are waited for. Default 5,000 ms. */
  giveUpMs?: number;
  /** Default: a timer. */
  wait?: (ms: number) => Promise<unknown>;
}

const UNDECIDED_PAUSE_MS = 1;

/** A process that could not be ended: another user's (`sudo`), or stuck in a driver. */
export interface Survivor extends TreeMember {
  name: string | null;
}

/**
 * The living processes of many attempts, in one pass over /proc; attempts without any are left out of the answer.
 * A process belongs to an attempt by the first of these that applies:
 * it is the command; it carries the attempt's mark; its parent is the launcher or belongs; its session is that of the launcher
 * or of one that belongs. What carries RUNYARD_OWN (Runyard's own, started from inside a run) or another attempt's mark
 * does not belong, nor what descends from it.
 */
export function findTree(
  roots: readonly TreeRoot[],
  except: readonly number[] = [],
  forkServer: number | null = null,
): Map<string, TreeMember[]> {
  return lookFor(roots, except, forkServer)().trees;
}

function lookFor(roots: readonly TreeRoot[], except: readonly number[], forkServer: number | null): () => Look {
  const sessions: Sessions = new Map();
  const strangers: Strangers = { pids: new Set(except), forkServer };
  // Nothing of a tree is older than its launcher, which leaves most of a machine's processes out.
  const earliest = roots.reduce((start, root) => Math.min(start, startOfTree(root)), Number.POSITIVE_INFINITY);
  return () => sortIntoTrees(listProcessesSince(earliest), roots, strangers, sessions);
}

/**
 * Ends the trees of many attempts: SIGTERM, and after the grace SIGKILL until two looks in a row find nothing more. A pid is
 * signalled only if it is still the process that was found. Answers what could not be ended, by attempt; empty: all is gone.
 */
export async function endTree(roots: readonly TreeRoot[], options: EndTreeOptions): Promise<Map<string, Survivor[]>> {
  const { graceMs, giveUpMs = 5000, wait = sleep } = options;
  const look = lookFor(roots, options.except ?? [], options.forkServer ?? null);

  let { trees, isDecided } = graceMs > 0 ? await terminate(look, graceMs, wait) : look();
  const killedAt = performance.now();
  let emptyLooks = 0;
  for (;;) {
    const isLate = performance.now() - killedAt > giveUpMs;
    if (trees.size > 0) {
      if (isLate) return survivorsOf(trees);
      emptyLooks = 0;
      const members = [...trees.values()].flat();
      for (const member of members) signal(member, "SIGKILL");
      await waitUntilGone(members, 200, wait);
    } else if (isDecided || isLate) {
      emptyLooks += 1;
      // Twice: a process that forks while the list is read can hide its child from one look.
      if (emptyLooks === 2) return new Map();
    } else await wait(UNDECIDED_PAUSE_MS);
    ({ trees, isDecided } = look());
  }
}

/** SIGTERM to everything, also to what appears meanwhile. Answers what is left when the grace is over, or none is. */
async function terminate(look: () => Look, graceMs: number, wait: (ms: number) => Promise<unknown>): Promise<Look> {
  const told = new Set<string>();
  const startedAt = performance.now();
  for (;;) {
    const seen = look();
    const members = [...seen.trees.values()].flat();
    const leftMs = graceMs - (performance.now() - startedAt);
    if ((members.length === 0 && seen.isDecided) || leftMs <= 0) return seen;
    for (const member of members) {
      const key = `${member.pid} ${member.startTicks}`;
      if (told.has(key)) continue;
      told.add(key);
      signal(member, "SIGTERM");
    }
    if (members.length === 0) await wait(UNDECIDED_PAUSE_MS);
    else await waitUntilGone(members, Math.min(leftMs, 500), wait);
  }
}

/** Looks at known processes only, which is far cheaper than looking for new ones. */
async function waitUntilGone(
  members: TreeMember[],
  atMostMs: number,
  wait: (ms: number) => Promise<unknown>,
): Promise<void> {
  const startedAt = performance.now();
  let left = members;
  for (let stepMs = 5; ; stepMs = Math.min(stepMs * 2, 100)) {
    left = left.filter(isThere);
    const remainingMs = atMostMs - (performance.now() - startedAt);
    if (left.length === 0 || remainingMs <= 0) return;
    await wait(Math.min(stepMs, remainingMs));
  }
}

function isThere({ pid, startTicks }: TreeMember): boolean {
  const entry = readProcess(pid);
  return entry !== null && entry.startTicks === startTicks && !isDead(entry);
}

function signal(member: TreeMember, name: NodeJS.Signals): void {
  if (!isThere(member)) return;
  try {
    process.kill(member.pid, name);
    // A stopped process cannot obey before it goes on.
    if (name === "SIGTERM") process.kill(member.pid, "SIGCONT");
  } catch {
    // Gone just now, or another user's: what stays is told in the end.
  }
}

function survivorsOf(trees: Map<string, TreeMember[]>): Map<string, Survivor[]> {
  return new Map(
    [...trees].map(([attempt, members]) => [
      attempt,
      members.map((member) => ({ ...member, name: processName(member.pid) })),
    ]),
  );
}
