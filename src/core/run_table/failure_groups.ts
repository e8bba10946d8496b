import { describeCause, type FailureCause } from "../run.ts";
import { likeness } from "./likeness.ts";
import type { Sliced } from "./table.ts";

export interface FailedRun {
  n: number;
  cause: FailureCause;
  endedAt: number | null;
  /** The last line it printed; null: none, or it is not known. */
  says: string | null;
}

/** Runs that failed alike: of the same cause, and with last lines that differ in no more than numbers and folders. */
export interface FailureGroup {
  cause: FailureCause;
  /** The last line of the latest of them. */
  says: string | null;
  runs: number[];
  firstAt: number | null;
  lastAt: number | null;
}

const A_SLICE = 500;

/** The largest group first. What was cancelled or lost with a dependency says nothing of itself. */
export function* groupFailures(failed: readonly FailedRun[]): Sliced<FailureGroup[]> {
  const groups = new Map<string, FailureGroup>();
  for (const [at, { n, cause, endedAt, says }] of failed.entries()) {
    if (at % A_SLICE === A_SLICE - 1) yield;
    const key = JSON.stringify([cause.code, causeKey(cause), says === null ? null : likeness(says)]);
    const group = groups.get(key) ?? { cause, says, runs: [], firstAt: endedAt, lastAt: endedAt };
    groups.set(key, group);
    group.runs.push(n);
    if (endedAt === null) continue;
    if (group.firstAt === null || endedAt < group.firstAt) group.firstAt = endedAt;
    if (group.lastAt === null || endedAt >= group.lastAt) {
      group.lastAt = endedAt;
      group.says = says;
    }
  }
  return [...groups.values()].sort((a, b) => b.runs.length - a.runs.length || (a.runs[0] ?? 0) - (b.runs[0] ?? 0));
}

/** An exit code and a signal are what they are; of reasons in words only what they have in common. */
function causeKey(cause: FailureCause): string {
  const isCounted = cause.code === "exit_code" || cause.code === "signal" || cause.code === "dependency_failed";
  return isCounted ? describeCause(cause) : likeness(describeCause(cause));
}
