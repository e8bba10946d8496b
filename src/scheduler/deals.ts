import type { Because } from "../core/because.ts";
import { mostWorkersOf } from "../core/demand.ts";
import type { Place } from "../core/open_machine.ts";
import { type MachineRoom, openMachineRoom } from "../core/policies/machine_room.ts";
import type { Room } from "../core/policies/policy.ts";
import type { Reasons } from "../core/reasons.ts";
import type { SteadyMs } from "../core/run.ts";
import type { JobRow } from "../store/jobs.ts";
import type { Floor } from "./floor.ts";
import type { Queue } from "./queue.ts";
import type { QueuedRun } from "./queued_run.ts";

/** A decision to start a run, on its way to becoming an attempt. */
export interface Seat {
  row: JobRow;
  run: QueuedRun;
  workers: readonly Place[];
  endsAt: SteadyMs | null;
  /** It waits on the machine until the slot is free there. */
  inLine: boolean;
  /** Where its policy has it among others, from now on. */
  order: number;
}

/** A run that is to give up its place. */
export interface Stop {
  run: QueuedRun;
  /** Where its policy will have it among those who wait. */
  order: number;
}

/** A run that is to go on with another number of workers: it saves its state, and starts anew. */
export interface Resize {
  run: QueuedRun;
  /** Places that it is to have besides its own, held on return. */
  added: readonly Place[];
}

export interface Decided {
  seats: Seat[];
  /** Runs that are to make room for others. */
  stops: Stop[];
  resizes: Resize[];
}

/**
 * What the policies would have now: the slots of what starts are held on return, and the runs are no longer in the queue.
 *
 * @param unpaused  those of a job's pools whose queue is not paused; empty: none
 */
export function decide(
  queue: Queue,
  floor: Floor,
  reasons: Reasons,
  unpaused: (pool: string) => string,
  now: SteadyMs,
): Decided {
  const decided: Decided = { seats: [], stops: [], resizes: [] };
  for (const pool of queue.pools()) {
    reasons.clear(pool);
    const going = unpaused(pool);
    if (going === "") continue;
    const room = openMachineRoom<QueuedRun>(floor.open(going), floor.closed(going), now);
    const { start, stop, resize, blocked, limited } = queue.deal(pool, now / 1000, room);
    for (const { run, place, order } of start) {
      const row = queue.get(run.job);
      if (!place.isFree) reasons.say(pool, run.shape, { code: "making_room", runs: place.after });
      if (!row || !place.isFree) continue;
      const endsAt = run.remainingSeconds === null ? null : now + 1000 * run.remainingSeconds;
      decided.seats.push({ row, run, workers: place.workers, endsAt, inLine: false, order });
    }
    decided.stops.push(...stop);
    for (const { run, place } of resize) {
      const added = place.workers.filter((seat) => !run.seats.includes(seat));
      decided.resizes.push({ run, added: place.isFree ? added : [] });
    }
    for (const run of blocked) reasons.say(pool, run.shape, whyNot(room, run));
    for (const run of limited) reasons.say(pool, run.shape, queue.whyLimited(pool, run));
    const [first] = blocked;
    if (first) reasons.sayOfOthers(pool, { code: "behind", job: first.job });
  }
  for (const { run } of decided.seats) queue.took(run.job, run.n);
  return decided;
}

function whyNot(room: MachineRoom<QueuedRun>, run: QueuedRun): Because {
  const because = room.whyNot(run);
  return run.isBorrowing ? { code: "over_quota", user: run.user, because } : because;
}

/** Where runs are short, some more than start now are given to a machine to wait in line there, in the policy's order. */
export function decideAhead(
  queue: Queue,
  floor: Floor,
  starting: readonly Seat[],
  isPaused: (pool: string) => boolean,
  now: SteadyMs,
): Seat[] {
  const places = starting.flatMap(({ workers }) => workers);
  const startingOn = Map.groupBy(places, ({ machine }) => machine);
  const already = new Map<number, number>();
  const seats: Seat[] = [];

  function placeIn(pool: string, run: QueuedRun): Place | null {
    for (const { id: machine, pool: home } of floor.machines()) {
      if (home !== pool) continue;
      const slot = floor.placeAhead(machine, run.demand, startingOn.get(machine) ?? [], already.get(machine) ?? 0);
      if (!slot) continue;
      already.set(machine, (already.get(machine) ?? 0) + 1);
      return { machine, slot };
    }
    return null;
  }

  function lineIn(pool: string): Room<QueuedRun, Place> {
    let isOver = false;
    return {
      within: () => (isOver ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY),
      seat(run) {
        const place = isOver || mostWorkersOf(run.demand) > 1 ? null : placeIn(pool, run);
        isOver ||= place === null;
        return place;
      },
      mayHold: () => true,
      reserve: () => {},
      lend: () => {},
      keep: () => true,
      resize: () => null,
    };
  }

  for (const pool of queue.pools()) {
    // Who stands in line cannot be overtaken by who comes first under such a policy.
    if (isPaused(pool) || queue.preempts(pool)) continue;
    for (const { run, place, order } of queue.deal(pool, now / 1000, lineIn(pool)).start) {
      const row = queue.get(run.job);
      if (row) seats.push({ row, run, workers: [place], endsAt: null, inLine: true, order });
    }
  }
  for (const { run } of seats) queue.took(run.job, run.n);
  return seats;
}
