import { bootId, environmentMarks, isDead, type ProcessEntry, type ProcessIdentity } from "../platform/processes.ts";
import type { TreeMember, TreeRoot } from "./process_tree.ts";

/** Not of any attempt that is looked for, for certain; unlike null, which another sign may still overrule. */
const foreign = Symbol("foreign");
/** By the session's number, which is its leader's pid. */
export type Sessions = Map<number, { attempt: string; leaderStartTicks: number }>;
/** What is known not to be part of any tree, so that nobody need look into its environment. */
export interface Strangers {
  pids: ReadonlySet<number>;
  /** Its children are launchers. */
  forkServer: number | null;
}
/** What one look at the processes has found. */
export interface Look {
  trees: Map<string, TreeMember[]>;
  /** No: a process was just becoming a program, and nobody could say whose it is. The next look can. */
  isDecided: boolean;
}
type Belonging = string | typeof foreign | null;

/**
 * Judges every process: of which attempt it is. `entries` may leave out what is older than every root (`startOfTree`).
 * `sessions` remembers, from one look to the next, what was learnt of them: a process whose parent and session's leader
 * ended in between is still found.
 */
export function sortIntoTrees(
  entries: ProcessEntry[],
  roots: readonly TreeRoot[],
  strangers: Strangers,
  sessions: Sessions,
): Look {
  const byPid = new Map(entries.map((entry) => [entry.pid, entry]));
  for (const [session, { leaderStartTicks }] of sessions) {
    const leader = byPid.get(session);
    if (leader !== undefined && leader.startTicks !== leaderStartTicks) sessions.delete(session);
  }
  const attempts = new Set(roots.map((root) => root.attempt));
  const launchers = new Map<number, string>();
  const commands = new Map<number, string>();
  const isSame = (root: ProcessIdentity) =>
    byPid.get(root.pid)?.startTicks === root.startTicks && root.bootId === bootId();
  for (const { attempt, launcher, command } of roots) {
    if (launcher !== null && isSame(launcher)) launchers.set(launcher.pid, attempt);
    if (command !== null && isSame(command)) commands.set(command.pid, attempt);
  }
  const belongings = new Map<number, Belonging>();
  const marks = new Map<number, ReturnType<typeof environmentMarks>>();

  function belongingOf(entry: ProcessEntry): Belonging {
    const known = belongings.get(entry.pid);
    if (known !== undefined) return known;
    // Against a circle, should pids be used anew while they are read.
    belongings.set(entry.pid, null);
    const belonging = judge(entry);
    belongings.set(entry.pid, belonging);
    return belonging;
  }

  function marksOf(pid: number): ReturnType<typeof environmentMarks> {
    const known = marks.get(pid);
    if (known !== undefined) return known;
    const read = environmentMarks(pid, ["RUNYARD_OWN", "RUNYARD_ATTEMPT"]);
    marks.set(pid, read);
    return read;
  }

  function judge(entry: ProcessEntry): Belonging {
    const { pid, ppid } = entry;
    if (pid === 1) return null;
    if (pid === process.pid || strangers.pids.has(pid) || launchers.has(pid)) return foreign;
    const command = commands.get(pid);
    if (command !== undefined) return command;
    if (strangers.forkServer !== null && (pid === strangers.forkServer || ppid === strangers.forkServer))
      return foreign;
    const known = marksOf(pid);
    if (known === "executing") return foreign; // for now
    const [own = null, mark = null] = known ?? [];
    if (own === "1") return foreign;
    if (mark !== null) return attempts.has(mark) ? mark : foreign;
    const parent = byPid.get(ppid);
    return (
      launchers.get(ppid) ??
      (parent === undefined ? null : belongingOf(parent)) ??
      sessions.get(entry.session)?.attempt ??
      null
    );
  }

  for (const entry of entries) belongingOf(entry);
  learnSessions(entries, byPid, roots, launchers, belongings, sessions);
  if (sessions.size > 0) {
    for (const [pid, belonging] of belongings) if (belonging === null) belongings.delete(pid);
    for (const entry of entries) belongingOf(entry);
  }

  const trees = new Map<string, TreeMember[]>();
  for (const entry of entries) {
    const attempt = belongings.get(entry.pid);
    if (typeof attempt !== "string" || isDead(entry)) continue;
    const members = trees.get(attempt) ?? [];
    members.push({ pid: entry.pid, startTicks: entry.startTicks });
    trees.set(attempt, members);
  }
  return { trees, isDecided: ![...marks.values()].includes("executing") };
}

/**
 * A session is an attempt's if its leader is the launcher or belongs. Where the leader has ended, its number says nothing
 * by itself: it is taken only for the launcher's or the command's, and only if a process that belongs is in it.
 */
function learnSessions(
  entries: ProcessEntry[],
  byPid: ReadonlyMap<number, ProcessEntry>,
  roots: readonly TreeRoot[],
  launchers: ReadonlyMap<number, string>,
  belongings: ReadonlyMap<number, Belonging>,
  sessions: Sessions,
): void {
  const ended = new Map<number, { attempt: string; leaderStartTicks: number }>();
  for (const { attempt, launcher, command } of roots) {
    for (const root of [launcher, command]) {
      if (root !== null && !byPid.has(root.pid)) ended.set(root.pid, { attempt, leaderStartTicks: root.startTicks });
    }
  }
  for (const { pid, session, startTicks } of entries) {
    const attempt = launchers.get(pid) ?? belongings.get(pid);
    if (typeof attempt !== "string") continue;
    const former = ended.get(session);
    if (pid === session) sessions.set(session, { attempt, leaderStartTicks: startTicks });
    else if (former?.attempt === attempt) sessions.set(session, former);
  }
}

/** Neither the launcher nor any process of the tree has started before; infinite where it was another boot. */
export function startOfTree({ launcher, command }: TreeRoot): number {
  const first = launcher ?? command;
  if (first === null) return 0;
  return first.bootId === bootId() ? first.startTicks : Number.POSITIVE_INFINITY;
}
