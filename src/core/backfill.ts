import type { Because } from "./because.ts";
import { type Demand, demandKey, type Slot, workersOf } from "./demand.ts";
import { leave, seatWorkers } from "./gang.ts";
import { type Ledger, openLedger, slotSuits } from "./ledger.ts";
import type { Decision, OpenMachine, Policy, WaitingJob } from "./policy.ts";
import type { SteadyMs } from "./run.ts";
import { whyNoRoom } from "./why_no_room.ts";

/** How long the first run that does not fit lets runs of unknown length overtake it. */
export const AGEING_MS = 30_000;

/**
 * Backfill: priority first, then submission. A later run may start where it fits without delaying the reserved start of
 * the first one that does not fit, as far as time limits tell. Where they do not, any that fits may start until the
 * first has waited AGEING_MS; from then on what it needs is kept for it on the machine it will run on.
 */
export const backfill: Policy = ({ waiting, machines, closed }, now) => {
  const decisions: Decision[] = [];
  const doNotFit = new Set<string>();
  let reservation: Reservation | null = null;
  for (const job of waiting(doNotFit)) {
    let left = job.startable;
    while (left > 0) {
      const decision = start(job, machines, reservation, now);
      if (!decision) break;
      decisions.push(decision);
      left -= 1;
    }
    if (left === 0) continue;
    doNotFit.add(demandKey(job.demand));
    decisions.push({ do: "wait", job: job.id, because: whyNot(job, machines, closed, reservation) });
    reservation ??= reserve(job, machines, now);
  }
  return decisions;
};

/** Where a run that does not fit now will be the first to fit. */
interface Reservation {
  job: WaitingJob;
  /** What its workers will hold there. */
  slots: Map<OpenMachine, Slot[]>;
  /** Infinity where the ends of what runs there are not known. */
  startsAt: SteadyMs;
  /** It has waited long enough that runs of unknown length no longer overtake it. */
  aged: boolean;
}

function start(job: WaitingJob, machines: OpenMachine[], reservation: Reservation | null, now: SteadyMs) {
  const endsAt = job.timeLimitMs === null ? null : now + job.timeLimitMs;
  const seats = seatWorkers(job.demand, machines, endsAt, (open, slot) => {
    return reservation === null || !delays(reservation, open, slot, endsAt);
  });
  if (seats.length < workersOf(job.demand)) {
    leave(seats);
    return null;
  }
  const workers = seats.map(({ open, slot }) => ({ machine: open.machine.id, slot }));
  return { do: "start" as const, job: job.id, workers };
}

/** Whether the run just held in `slot` would delay the one that something is reserved for. */
function delays(reservation: Reservation, open: OpenMachine, slot: Slot, endsAt: SteadyMs | null): boolean {
  const { startsAt, slots, aged, job } = reservation;
  const kept = slots.get(open);
  if (!kept) return false;
  if (startsAt === Number.POSITIVE_INFINITY) return aged && takesWhatIsKept(job.demand, open, kept, slot);
  if (endsAt !== null && endsAt <= startsAt) return false;
  const then = openLedger(open.machine);
  for (const held of open.held) if (held.endsAt === null || held.endsAt > startsAt) then.hold(held.slot);
  then.hold(slot);
  return fill(then, job.demand, kept.length) < kept.length;
}

/** Whether `slot`, which is held already, takes something of which the reserved run now has less free than it needs. */
function takesWhatIsKept(demand: Demand, { ledger }: OpenMachine, kept: readonly Slot[], slot: Slot): boolean {
  const free = ledger.free();
  const suits = (devices: string) => slotSuits(devices, demand);
  const sum = (amount: (slot: Slot) => number) => kept.reduce((total, one) => total + amount(one), 0);
  const takesGpus = free.slots
    ? suits(slot.devices) && free.slots.filter(suits).length < kept.length
    : slot.gpus.length > 0 && free.gpus.length < sum(({ gpus }) => gpus.length);
  return (
    takesGpus ||
    (slot.cpus > 0 && free.cpus < sum(({ cpus }) => cpus)) ||
    (slot.memoryBytes > 0 && free.memoryBytes < sum(({ memoryBytes }) => memoryBytes))
  );
}

/** The places that are free first. Null: there never are as many, as machines are now. */
function reserve(job: WaitingJob, machines: OpenMachine[], now: SteadyMs): Reservation | null {
  const asked = workersOf(job.demand);
  const places = machines.flatMap((open) => futurePlaces(job.demand, open, asked, now));
  const first = places.sort((a, b) => (a.startsAt === b.startsAt ? 0 : a.startsAt - b.startsAt)).slice(0, asked);
  const last = first.at(-1);
  if (!last || first.length < asked) return null;
  const slots = new Map<OpenMachine, Slot[]>();
  for (const { open, slot } of first) slots.set(open, [...(slots.get(open) ?? []), slot]);
  const aged = job.blockedSince !== null && now - job.blockedSince >= AGEING_MS;
  return { job, slots, startsAt: last.startsAt, aged };
}

/**
 * What a machine will have for workers, at most so many, and when enough of what is held has ended by its time limit for
 * each; Infinity where limits do not tell.
 */
function futurePlaces(demand: Demand, open: OpenMachine, most: number, now: SteadyMs) {
  const empty = openLedger(open.machine);
  const slots: Slot[] = [];
  fill(empty, demand, most, slots);
  const ledger = openLedger(open.machine);
  for (const { slot } of open.held) ledger.hold(slot);
  const times = new Array<SteadyMs>(fill(ledger, demand, slots.length)).fill(now);
  const ends = open.held
    .flatMap(({ slot, endsAt }) => (endsAt === null ? [] : [{ slot, endsAt }]))
    .sort((a, b) => a.endsAt - b.endsAt);
  for (const { slot, endsAt } of ends) {
    if (times.length === slots.length) break;
    ledger.release(slot);
    const more = fill(ledger, demand, slots.length - times.length);
    times.push(...new Array<SteadyMs>(more).fill(endsAt));
  }
  return slots.map((slot, at) => ({ open, slot, startsAt: times[at] ?? Number.POSITIVE_INFINITY }));
}

/** Holds places for so many workers, or as many as there are; says how many. */
function fill(ledger: Ledger, demand: Demand, most: number, held: Slot[] = []): number {
  for (let count = 0; count < most; count += 1) {
    const slot = ledger.place(demand);
    if (!slot) return count;
    ledger.hold(slot);
    held.push(slot);
  }
  return most;
}

function whyNot(job: WaitingJob, machines: OpenMachine[], closed: string[], reservation: Reservation | null): Because {
  const seats = seatWorkers(job.demand, machines, null, () => true);
  const asked = workersOf(job.demand);
  const because = whyNoRoom(job.demand, machines, closed);
  leave(seats);
  if (seats.length === asked && reservation) {
    const on = [...new Set(seats.map(({ open }) => open.machine.name))].join(", ");
    return { code: "reserved", job: reservation.job.id, on };
  }
  if (asked === 1 || because.code === "no_machine") return because;
  return { code: "workers", asked, fitting: seats.length, because };
}
