import { dealInTurn, type InTurn, type InTurnOptions, secondsOf } from "./in_turn.ts";
import type { OpenPolicy, PolicyRun } from "./policy.ts";
import { openWaitingList } from "./waiting_list.ts";

/** Higher priority first, then submission; nobody is stopped. */
export function openSubmissionOrder<Run extends PolicyRun>(
  options: Pick<InTurnOptions<Run>, "behind" | "ageingSeconds">,
): OpenPolicy<Run> {
  const waiting = openWaitingList<Run, InTurn<Run>>(({ run: a }, { run: b }) => bySubmission(a, b));
  const entries = new Map<Run, InTurn<Run>>();

  function forget(run: Run): void {
    const entry = entries.get(run);
    if (entry) waiting.remove(entry);
    entries.delete(run);
  }

  return {
    wait(run) {
      forget(run);
      const entry = { run, seconds: secondsOf(run), blockedSince: null };
      entries.set(run, entry);
      waiting.add(entry);
    },
    hold: forget,
    forget,
    deal: (now, room) => dealInTurn((within) => waiting.walk(within), room, { now, ...options }),
    nextAt: () => Number.POSITIVE_INFINITY,
  };
}

/** Below 0 where `a` comes first. */
export function bySubmission(a: PolicyRun, b: PolicyRun): number {
  return Number(a.isBorrowing) - Number(b.isBorrowing) || b.priority - a.priority || a.submitted - b.submitted;
}
