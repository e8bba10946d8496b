import type { PolicyRun, PolicySettings, Room } from "./policy.ts";
import type { Standing, Walk } from "./waiting_list.ts";

/** A run that holds its place. */
export interface Holder<Run extends PolicyRun> extends Standing<Run> {
  heldSince: number;
}

export interface DealtAnew<Run extends PolicyRun, Entry, Place> {
  /** Those who are to hold places, in order; null: the one that it holds already. */
  seated: { entry: Entry; place: Place | null }[];
  stopped: Entry[];
  blocked: Run[];
  limited: Run[];
  /** When one of those who may not be stopped yet may be; Infinity: never, or there is no need. */
  nextAt: number;
}

/**
 * Deals all places anew: to those who hold some and those who wait, in order; what does not fit is skipped. Who may not be
 * stopped, or not yet, keeps its place.
 *
 * @param holders  in order
 */
export function dealAnew<Run extends PolicyRun, Entry extends Holder<Run>, Place>(
  holders: readonly Entry[],
  waiting: (within: (entry: Entry) => number) => Walk<Entry>,
  compare: (a: Entry, b: Entry) => number,
  room: Room<Run, Place>,
  { now, minQuantumSeconds, preemptCostSeconds }: { now: number } & PolicySettings,
): DealtAnew<Run, Entry, Place> {
  // Until what it lost by being stopped is made up for, and as much done again: else some would never get on.
  const quantum = Math.max(minQuantumSeconds, 2 * preemptCostSeconds);
  const staying: Entry[] = [];
  const leaving: Run[] = [];
  let endOfQuantum = Number.POSITIVE_INFINITY;
  for (const entry of holders) {
    const { run, heldSince } = entry;
    if (run.isLeaving) leaving.push(run);
    else if (run.yields && now - heldSince >= quantum) staying.push(entry);
    else if (run.yields) endOfQuantum = Math.min(endOfQuantum, heldSince + quantum);
  }
  room.lend([...staying.map(({ run }) => run), ...leaving]);

  const dealt: DealtAnew<Run, Entry, Place> = {
    seated: [],
    stopped: [],
    blocked: [],
    limited: [],
    nextAt: Number.POSITIVE_INFINITY,
  };
  const closed = new Set<Run["shape"]>();
  const started = new Map<Entry, number>();
  const walk = waiting(({ run }) => (closed.has(run.shape) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY));
  let at = 0;
  for (let waits = walk.peek(); ; ) {
    const holds = staying[at];
    if (holds && !(waits && compare(waits, holds) < 0)) {
      at += 1;
      if (room.keep(holds.run)) dealt.seated.push({ entry: holds, place: null });
      else dealt.stopped.push(holds);
      continue;
    }
    if (!waits) break;
    const before = started.get(waits) ?? 0;
    if (before < waits.run.startable && !room.mayHold(waits.run)) {
      closed.add(waits.run.shape);
      dealt.limited.push(waits.run);
      walk.pass();
      waits = walk.peek();
      continue;
    }
    const place = before < waits.run.startable ? room.seat(waits.run, true) : undefined;
    if (place) {
      started.set(waits, before + 1);
      dealt.seated.push({ entry: waits, place });
      continue;
    }
    if (place === null) {
      closed.add(waits.run.shape);
      dealt.blocked.push(waits.run);
    }
    walk.pass();
    waits = walk.peek();
  }
  if (dealt.blocked.length > 0) dealt.nextAt = endOfQuantum;
  return dealt;
}
