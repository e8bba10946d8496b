import { type Demand, type Slot, workersOf } from "./demand.ts";
import type { OpenMachine } from "./open_machine.ts";
import type { Ending, SteadyMs, StopReason, UnixMs } from "./run.ts";
import type { Symptom } from "./symptom.ts";

/** A place that a policy holds on a machine. */
export interface HeldPlace {
  open: OpenMachine;
  slot: Slot;
}

/**
 * Holds a place for each worker of a run, on different machines as far as there is room, else several on one. Where not all
 * fit, the answer is those that do, held too.
 *
 * @param may  whether the place just held there may be taken
 */
export function seatWorkers(
  demand: Demand,
  machines: readonly OpenMachine[],
  endsAt: SteadyMs | null,
  may: (open: OpenMachine, slot: Slot) => boolean,
): HeldPlace[] {
  if (workersOf(demand) === 1) return seatOn(demand, machines, endsAt, may);
  const clusters = machines.filter(({ machine }) => machine.hasQueue);
  if (clusters.length === 0 || clusters.length === machines.length) return seatOn(demand, machines, endsAt, may);
  // The workers of an attempt are all on machines of the yard, or all in a cluster.
  const own = machines.filter(({ machine }) => !machine.hasQueue);
  const seats = seatOn(demand, own, endsAt, may);
  if (seats.length === workersOf(demand)) return seats;
  leave(seats);
  return seatOn(demand, clusters, endsAt, may);
}

function seatOn(
  demand: Demand,
  machines: readonly OpenMachine[],
  endsAt: SteadyMs | null,
  may: (open: OpenMachine, slot: Slot) => boolean,
): HeldPlace[] {
  const asked = workersOf(demand);
  const seats: HeldPlace[] = [];
  for (let before = -1; before < seats.length && seats.length < asked; ) {
    before = seats.length;
    for (const open of machines) {
      if (seats.length === asked) return seats;
      const slot = open.ledger.place(demand);
      if (!slot) continue;
      open.ledger.hold(slot);
      if (may(open, slot)) {
        open.held.push({ slot, endsAt });
        seats.push({ open, slot });
      } else open.ledger.release(slot);
    }
  }
  return seats;
}

/** Gives the places back. */
export function leave(seats: readonly HeldPlace[]): void {
  for (const { open, slot } of seats) {
    open.ledger.release(slot);
    const at = open.held.findLastIndex((held) => held.slot === slot);
    if (at !== -1) open.held.splice(at, 1);
  }
}

/** How one worker of an attempt has ended. */
export interface WorkerEnd {
  ending: Ending;
  /** Why it had been asked to stop; null: it had not. */
  asked: StopReason | null;
  startedAt: UnixMs | null;
  endedAt: UnixMs;
  symptom: Symptom | null;
}

/** Whether the others are to be ended: one worker without the rest is of no use. Who has done its part may leave. */
export function endsTheOthers(end: Pick<WorkerEnd, "ending">): boolean {
  return end.ending.kind !== "exited" || end.ending.exitCode !== 0;
}

/**
 * The end of an attempt with several workers, all of which have ended: that of the first one that did not end well, of those
 * that were not ended for another's sake. It began when the first began, and ended when the last ended.
 *
 * @param ends  in the order of their ranks
 */
export function endOfGang(ends: readonly WorkerEnd[]): WorkerEnd {
  const own = ends.filter(({ asked }) => asked !== "worker_ended");
  const notWell = own.filter((end) => endsTheOthers(end) || end.asked === "preempted");
  const inTime = [...(notWell.length > 0 ? notWell : ends)].sort((a, b) => a.endedAt - b.endedAt);
  const [first] = inTime;
  if (!first) throw new Error("an attempt has workers");
  const starts = ends.flatMap(({ startedAt }) => startedAt ?? []);
  return {
    ...first,
    startedAt: starts.length > 0 ? Math.min(...starts) : null,
    endedAt: Math.max(...ends.map(({ endedAt }) => endedAt)),
  };
}
