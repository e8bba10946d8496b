import type { Because } from "../because.ts";
import { type Demand, demandKey, type Slot, workersOf } from "../demand.ts";
import { type HeldPlace, leave, seatWorkers } from "../gang.ts";
import type { OpenMachine, Place } from "../open_machine.ts";
import type { JobId, SteadyMs } from "../run.ts";
import { whyNoRoom } from "../why_no_room.ts";
import type { PolicyRun, Room } from "./policy.ts";
import { delays, type Reservation, reserveOn } from "./reservation.ts";
import { openSpots, type Spot } from "./spots.ts";

/** A run that is to have places on machines, one for each worker. */
export interface MachineRun extends PolicyRun {
  job: JobId;
  /** The run that it is; null: any of the job's that wait. */
  n: number | null;
  demand: Demand;
  /** What it holds; empty: it waits. */
  seats: readonly Place[];
}

/** Where a run goes. */
export interface Placing {
  /** In the order of their ranks. */
  workers: Place[];
  /** Whether it can start now; else as soon as those have left who make room for it. */
  isFree: boolean;
  /** As far as they are known, who has to leave first: `12.3`. */
  after: string[];
}

export interface MachineRoom<Run extends MachineRun> extends Room<Run, Placing> {
  /** Why the run, which found no place, waits. To be asked after the deal. */
  whyNot(run: Run): Because;
}

/** Places that somebody else may have: a run's, or of an elastic one its least, or a worker's beyond that. */
interface Lent<Run> {
  run: Run;
  seats: readonly Place[];
}

/**
 * Machines with their slots: a run gets what it asks for where the least is left beside it, in the order of the pools. What
 * starts now is held in their ledgers on return.
 *
 * @param closed  why others of the pool take no runs now, worded for people
 */
export function openMachineRoom<Run extends MachineRun>(
  machines: readonly OpenMachine[],
  closed: string[],
  now: SteadyMs,
): MachineRoom<Run> {
  const spots = openSpots(machines);
  /** Demands that fit nowhere, and such that fit only where they would delay what is reserved. */
  const full = new Set<string>();
  const delaying = new Set<string>();
  /** By demand: why those who got nothing wait. */
  const reasons = new Map<string, Because>();
  let reservation: (Reservation & { run: Run }) | null = null;
  let lent: Lent<Run>[] = [];
  let passed = 0;
  /** Whose places are taken in the machines' accounts here: unless they are free again when it is their turn, they lose them. */
  const suspended = new Set<Lent<Run>>();
  /** The same by machine. */
  const suspendedOn = new Map<number, Set<Lent<Run>>>();
  /** What elastic runs hold beyond their least, worker by worker. */
  const spare = new Map<Run, Lent<Run>[]>();
  /** Elastic runs that have got their least in this deal. */
  const begun = new Map<Run, { seats: HeldPlace[]; placed: Placing }>();

  function endOf({ remainingSeconds }: Run): SteadyMs | null {
    return remainingSeconds === null ? null : now + 1000 * remainingSeconds;
  }

  /** Holds places for all workers; null: there are not as many. */
  function seatOn(
    run: Run,
    among: readonly Spot[],
    mayDelay: boolean,
    demand: Demand = run.demand,
  ): HeldPlace[] | null {
    const endsAt = endOf(run);
    const may = (open: OpenMachine, slot: Slot) =>
      mayDelay || reservation === null || !delays(reservation, open, slot, endsAt);
    const seats = seatWorkers(demand, among, endsAt, may);
    if (seats.length === workersOf(demand)) return seats;
    leave(seats);
    return null;
  }

  function placing(seats: readonly HeldPlace[], endsAt: SteadyMs | null): Placing {
    const isFree = spots.settle(seats, endsAt);
    const workers = seats.map(({ open, slot }) => ({ machine: open.machine.id, slot }));
    const leaving = isFree ? [] : workers.flatMap(({ machine }) => [...(suspendedOn.get(machine) ?? [])]);
    return { workers, isFree, after: [...new Set(leaving.map(({ run: { job, n } }) => `${job}.${n}`))] };
  }

  function suspend(one: Lent<Run>): void {
    suspended.add(one);
    for (const { machine } of one.seats)
      suspendedOn.set(machine, (suspendedOn.get(machine) ?? new Set<Lent<Run>>()).add(one));
  }

  function resume(one: Lent<Run>): void {
    suspended.delete(one);
    for (const { machine } of one.seats) suspendedOn.get(machine)?.delete(one);
  }

  /** Makes room at the cost of the last of those who may lose their places, and of no more of them than has to be. */
  function takeBack(run: Run): HeldPlace[] | null {
    const { demand } = run;
    if (demand.need || demand.cluster) return null;
    const atRisk = new Map<Spot, Lent<Run>[]>();
    const released = new Set<Lent<Run>>();
    for (let at = lent.length - 1; at >= passed; at -= 1) {
      const victim = lent[at] as Lent<Run>;
      if (suspended.has(victim)) continue;
      const its = new Set(victim.seats.flatMap(({ machine }) => spots.of(machine) ?? []));
      for (const spot of its) atRisk.set(spot, [...(atRisk.get(spot) ?? []), victim]);
      const promising = [...its].filter((spot) => mayGain(spot, demand, atRisk.get(spot) ?? []));
      if (workersOf(demand) === 1 && promising.length === 0) continue;
      const more = workersOf(demand) > 1 ? [victim] : promising.flatMap((spot) => atRisk.get(spot) ?? []);
      for (const one of more) {
        if (released.has(one)) continue;
        released.add(one);
        spots.release(one.seats);
      }
      const among = run.elastic ? spots.inOrderForOneMore(demand) : workersOf(demand) > 1 ? spots.all : promising;
      const enough = seatOn(run, among, true);
      if (!enough) continue;
      leave(enough);
      // The first of them keep what the run can do without.
      const gone: Lent<Run>[] = [];
      for (const one of [...released].reverse()) {
        spots.holdAgain(one.seats);
        const seats = seatOn(run, among, true);
        if (seats) leave(seats);
        else {
          spots.release(one.seats);
          suspend(one);
          gone.push(one);
        }
      }
      spots.offer(gone.flatMap(({ seats }) => seats));
      return seatOn(run, among, true);
    }
    for (const one of released) spots.holdAgain(one.seats);
    return null;
  }

  /** Each where one is already, else where the least is left beside it. */
  function addWorkers(run: Run, beside: readonly Spot[], count: number): HeldPlace[] | null {
    const demand = { ...run.demand, workers: 1 };
    const near = new Set(beside);
    const seats: HeldPlace[] = [];
    while (seats.length < count) {
      const [seat] =
        seatOn(run, [...near], false, demand) ?? seatOn(run, spots.inOrderForOneMore(run.demand), false, demand) ?? [];
      if (!seat) {
        spots.giveBack(seats);
        return null;
      }
      near.add(seat.open as Spot);
      seats.push(seat);
    }
    return seats;
  }

  /** Gives a run that starts more workers than it has got. */
  function widen(run: Run, { seats, placed }: { seats: HeldPlace[]; placed: Placing }, more: number) {
    const added = addWorkers(
      run,
      seats.map(({ open }) => open as Spot),
      more,
    );
    if (!added) return null;
    if (added.length === 0) return { place: placed, isSame: false };
    // What it was promised is held anew, together with the rest.
    if (placed.isFree) spots.unsettle(seats);
    return { place: placing([...seats, ...added], endOf(run)), isSame: false };
  }

  function whyNot(demand: Demand): Because {
    const seats = seatWorkers(demand, spots.withRoom(demand), null, () => true);
    const asked = workersOf(demand);
    const because = whyNoRoom(demand, spots.all, closed);
    leave(seats);
    if (seats.length === asked && reservation) {
      const on = [...new Set(seats.map(({ open }) => open.machine.name))].join(", ");
      return { code: "reserved", job: reservation.run.job, on };
    }
    if (asked === 1 || because.code === "no_machine") return because;
    return { code: "workers", asked, fitting: seats.length, because };
  }

  return {
    within({ demand }) {
      const key = demandKey(demand);
      if (full.has(key)) return Number.NEGATIVE_INFINITY;
      if (!delaying.has(key) || reservation === null) return Number.POSITIVE_INFINITY;
      return (reservation.startsAt - now) / 1000;
    },
    mayHold: () => true,
    seat(run, mayTake) {
      const key = demandKey(run.demand);
      if (full.has(key) && !mayTake) return null;
      const free = seatOn(run, run.elastic ? spots.inOrderForOneMore(run.demand) : spots.inOrder(run.demand), false);
      const seats = free ?? (mayTake ? takeBack(run) : null);
      if (seats) {
        const placed = placing(seats, endOf(run));
        if (run.elastic) begun.set(run, { seats, placed });
        return placed;
      }
      const elsewhere = reservation && !delaying.has(key) ? seatOn(run, spots.inOrder(run.demand), true) : null;
      if (elsewhere) {
        leave(elsewhere);
        delaying.add(key);
      } else if (!delaying.has(key)) full.add(key);
      return null;
    },
    reserve(run, hasAged) {
      const reserved = reserveOn(run.demand, spots.all, hasAged, now);
      reservation = reserved && { ...reserved, run };
    },
    lend(holders) {
      const leaving: Lent<Run>[] = [];
      const beyond: Lent<Run>[] = [];
      lent = [];
      for (const run of holders) {
        const { elastic, seats } = run;
        const least = elastic ? seats.slice(0, elastic.min) : seats;
        (run.isLeaving ? leaving : lent).push({ run, seats: least });
        if (!elastic || run.isLeaving) continue;
        const its = seats.slice(elastic.min).map((seat) => ({ run, seats: [seat] }));
        spare.set(run, its);
        beyond.push(...its);
      }
      for (const one of [...beyond, ...leaving]) lent.push(one);
      passed = 0;
    },
    keep() {
      const least = lent[passed];
      passed += 1;
      if (least === undefined || !suspended.has(least)) return least !== undefined;
      if (!least.seats.every(({ machine, slot }) => spots.of(machine)?.ledger.isFree(slot))) return false;
      spots.holdAgain(least.seats);
      resume(least);
      return true;
    },
    resize(run, workers) {
      const { elastic } = run;
      if (!elastic) return null;
      const more = workers - elastic.min;
      const start = begun.get(run);
      if (start) return widen(run, start, more);
      const own = (spare.get(run) ?? []).filter((one) => !suspended.has(one));
      const kept = [...run.seats.slice(0, elastic.min), ...own.slice(0, more).flatMap(({ seats }) => seats)];
      const added = addWorkers(
        run,
        kept.flatMap(({ machine }) => spots.of(machine) ?? []),
        workers - kept.length,
      );
      if (!added) return null;
      for (const one of own.slice(more)) spots.release(one.seats);
      const { workers: places, ...rest } = placing(added, endOf(run));
      const isSame = workers === elastic.workers && added.length === 0;
      return { place: { workers: [...kept, ...places], ...rest }, isSame };
    },
    whyNot({ demand }) {
      const key = demandKey(demand);
      const because = reasons.get(key) ?? whyNot(demand);
      reasons.set(key, because);
      return because;
    },
  };
}

/** Whether the demand might fit on the spot without these. */
function mayGain({ ledger }: Spot, demand: Demand, without: readonly { seats: readonly Place[] }[]): boolean {
  const { gpus, slots } = ledger.free();
  if (slots || demand.gpus === 0) return true;
  const won = without.reduce((sum, { seats }) => sum + seats.reduce((all, { slot }) => all + slot.gpus.length, 0), 0);
  return gpus.length + won >= (demand.gpus ?? 1);
}
