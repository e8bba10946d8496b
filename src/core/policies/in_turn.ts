import type { Deal, PolicyRun, Room } from "./policy.ts";
import type { Standing, Walk } from "./waiting_list.ts";

/** A run that waits for its turn. */
export interface InTurn<Run extends PolicyRun> extends Standing<Run> {
  /** Since when it has been found not to fit; null: it has not been. */
  blockedSince: number | null;
}

export interface InTurnOptions<Run extends PolicyRun> {
  now: number;
  /**
   * What becomes of those behind the first that does not fit: they wait too, or they may start where they do not delay its
   * reserved start (EASY backfilling, Lifka 1995).
   */
  behind: "wait" | "backfill";
  /** After so long, that first one is no longer overtaken by others of unknown length. */
  ageingSeconds: number;
  /** A run of these is to start: whose turn it is next may depend on it. */
  onStart?: (run: Run) => void;
  /** Whether the run may have a place that is lent to somebody. */
  mayTake?: (run: Run) => boolean;
}

/**
 * Starts what fits, in turn.
 *
 * @param turns  goes through those who wait, as far as they fit
 */
export function dealInTurn<Run extends PolicyRun, Place>(
  turns: (within: (entry: InTurn<Run>) => number) => Walk<InTurn<Run>>,
  room: Room<Run, Place>,
  { now, behind, ageingSeconds, onStart, mayTake = () => false }: InTurnOptions<Run>,
): Deal<Run, Place> {
  const deal: Deal<Run, Place> = { start: [], stop: [], resize: [], blocked: [], limited: [] };
  const started = new Map<Run, number>();
  const blocked = new Set<Run["shape"]>();
  const limited = new Set<Run["shape"]>();
  const walk = turns(({ run }) => {
    if (limited.has(run.shape)) return Number.NEGATIVE_INFINITY;
    return blocked.has(run.shape) ? room.within(run) : Number.POSITIVE_INFINITY;
  });
  for (let entry = walk.peek(); entry; entry = walk.peek()) {
    const { run } = entry;
    const before = started.get(run) ?? 0;
    if (before < run.startable && !room.mayHold(run)) {
      limited.add(run.shape);
      deal.limited.push(run);
      walk.pass();
      continue;
    }
    const place = before < run.startable ? room.seat(run, mayTake(run)) : undefined;
    if (place) {
      entry.blockedSince = null;
      deal.start.push({ run, place, order: 0 });
      started.set(run, before + 1);
      onStart?.(run);
      // Whose turn it is next depends on who stands first, and that is no longer one of whom all have started.
      if (before + 1 >= run.startable) walk.pass();
      continue;
    }
    walk.pass();
    if (place === undefined) continue;
    entry.blockedSince ??= now;
    if (blocked.size === 0) room.reserve(run, now - entry.blockedSince >= ageingSeconds);
    if (!blocked.has(run.shape)) deal.blocked.push(run);
    blocked.add(run.shape);
    if (behind === "wait") break;
  }
  return deal;
}

/** What is not known takes for ever. */
export function secondsOf({ remainingSeconds }: PolicyRun): number {
  return remainingSeconds ?? Number.POSITIVE_INFINITY;
}
