import type { Because } from "./because.ts";
import { demandKey, type Slot } from "./demand.ts";
import { openLedger, slotSuits } from "./ledger.ts";
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

/** The machine that will be the first with room for a run that does not fit now. */
interface Reservation {
  job: WaitingJob;
  open: OpenMachine;
  /** What the run will hold there. */
  slot: Slot;
  /** Infinity where the ends of what runs there are not known. */
  startsAt: SteadyMs;
  /** It has waited long enough that runs of unknown length no longer overtake it. */
  aged: boolean;
}

function start(job: WaitingJob, machines: OpenMachine[], reservation: Reservation | null, now: SteadyMs) {
  const endsAt = job.timeLimitMs === null ? null : now + job.timeLimitMs;
  for (const open of machines) {
    const slot = open.ledger.place(job.demand);
    if (!slot) continue;
    open.ledger.hold(slot);
    if (reservation?.open === open && delays(reservation, slot, endsAt)) {
      open.ledger.release(slot);
      continue;
    }
    open.held.push({ slot, endsAt });
    return { do: "start" as const, job: job.id, machine: open.machine.id, slot };
  }
  return null;
}

/** Whether the run just held in `slot` would delay the one that the machine is reserved for. */
function delays(reservation: Reservation, slot: Slot, endsAt: SteadyMs | null): boolean {
  const { startsAt, open, job } = reservation;
  if (startsAt === Number.POSITIVE_INFINITY) return reservation.aged && takesWhatIsKept(reservation, slot);
  if (endsAt !== null && endsAt <= startsAt) return false;
  const then = openLedger(open.machine);
  for (const held of open.held) if (held.endsAt === null || held.endsAt > startsAt) then.hold(held.slot);
  then.hold(slot);
  return then.place(job.demand) === null;
}

/** Whether `slot`, which is held already, takes something of which the reserved run now has less free than it needs. */
function takesWhatIsKept({ open, job, slot: kept }: Reservation, slot: Slot): boolean {
  const free = open.ledger.free();
  const suits = (devices: string) => slotSuits(devices, job.demand);
  const takesGpus = free.slots
    ? suits(slot.devices) && !free.slots.some(suits)
    : slot.gpus.length > 0 && free.gpus.length < kept.gpus.length;
  return (
    takesGpus ||
    (slot.cpus > 0 && free.cpus < kept.cpus) ||
    (slot.memoryBytes > 0 && free.memoryBytes < kept.memoryBytes)
  );
}

function reserve(job: WaitingJob, machines: OpenMachine[], now: SteadyMs): Reservation | null {
  const aged = job.blockedSince !== null && now - job.blockedSince >= AGEING_MS;
  let best: Reservation | null = null;
  for (const open of machines) {
    const slot = openLedger(open.machine).place(job.demand);
    if (!slot) continue;
    const startsAt = earliestStart(job, open);
    if (!best || startsAt < best.startsAt) best = { job, open, slot, startsAt, aged };
  }
  return best;
}

/** When enough of what is held has ended by its time limit for the run to fit; Infinity where limits do not tell. */
function earliestStart(job: WaitingJob, open: OpenMachine): SteadyMs {
  const ledger = openLedger(open.machine);
  for (const { slot } of open.held) ledger.hold(slot);
  const ends = open.held
    .flatMap(({ slot, endsAt }) => (endsAt === null ? [] : [{ slot, endsAt }]))
    .sort((a, b) => a.endsAt - b.endsAt);
  for (const { slot, endsAt } of ends) {
    ledger.release(slot);
    if (ledger.place(job.demand)) return endsAt;
  }
  return Number.POSITIVE_INFINITY;
}

function whyNot(job: WaitingJob, machines: OpenMachine[], closed: string[], reservation: Reservation | null): Because {
  const fits = machines.find(({ ledger }) => ledger.place(job.demand) !== null);
  if (fits && reservation) return { code: "reserved", job: reservation.job.id, on: fits.machine.name };
  return whyNoRoom(job.demand, machines, closed);
}
