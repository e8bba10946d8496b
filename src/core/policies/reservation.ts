import { type Demand, type Slot, workersOf } from "../demand.ts";
import { type Ledger, openLedger, slotSuits } from "../ledger.ts";
import type { OpenMachine } from "../open_machine.ts";
import type { SteadyMs } from "../run.ts";

/** Where a run that does not fit now will be the first to fit. */
export interface Reservation {
  demand: Demand;
  /** What its workers will hold there. */
  slots: Map<OpenMachine, Slot[]>;
  /** Infinity where the ends of what runs there are not known. */
  startsAt: SteadyMs;
  /** It has waited long enough that runs of unknown length no longer overtake it. */
  hasAged: boolean;
}

/** The places that are free first. Null: there never are as many, as machines are now. */
export function reserveOn(
  demand: Demand,
  machines: readonly OpenMachine[],
  hasAged: boolean,
  now: SteadyMs,
): Reservation | null {
  const asked = workersOf(demand);
  let first: FuturePlace[] = [];
  for (const open of machines) {
    const by = first.length < asked ? Number.POSITIVE_INFINITY : (first.at(-1)?.startsAt ?? now);
    if (first.length === asked && !mayFitBefore(by, demand, open)) continue;
    const more = futurePlaces(demand, open, asked, now);
    if (more.length === 0) continue;
    first = [...first, ...more].sort((a, b) => (a.startsAt === b.startsAt ? 0 : a.startsAt - b.startsAt));
    first.length = Math.min(first.length, asked);
  }
  const last = first.at(-1);
  if (!last || first.length < asked) return null;
  const slots = new Map<OpenMachine, Slot[]>();
  for (const { open, slot } of first) slots.set(open, [...(slots.get(open) ?? []), slot]);
  return { demand, slots, startsAt: last.startsAt, hasAged };
}

/** Whether the run just held in `slot` until `endsAt` (null: not known) would delay the one that something is reserved for. */
export function delays(
  { startsAt, slots, hasAged, demand }: Reservation,
  open: OpenMachine,
  slot: Slot,
  endsAt: SteadyMs | null,
): boolean {
  const kept = slots.get(open);
  if (!kept) return false;
  if (startsAt === Number.POSITIVE_INFINITY) return hasAged && takesWhatIsKept(demand, open, kept, slot);
  if (endsAt !== null && endsAt <= startsAt) return false;
  const then = openLedger(open.machine);
  for (const held of open.held) if (held.endsAt === null || held.endsAt > startsAt) then.hold(held.slot);
  then.hold(slot);
  return fill(then, demand, kept.length) < kept.length;
}

/** Whether `slot`, which is held already, takes something of which the reserved run now has less free than it needs. */
function takesWhatIsKept(demand: Demand, { ledger, machine }: OpenMachine, kept: readonly Slot[], slot: Slot): boolean {
  const free = ledger.free();
  const suits = (devices: string) => slotSuits(devices, demand, machine);
  const sum = (amount: (slot: Slot) => number) => kept.reduce((total, one) => total + amount(one), 0);
  const takesGpus = free.slots
    ? suits(slot.devices) && free.slots.filter(suits).length < kept.length
    : slot.gpus.length > 0 && ledger.freeGpus(demand.gpuKind).length < sum(({ gpus }) => gpus.length);
  return (
    takesGpus ||
    (slot.cpus > 0 && free.cpus < sum(({ cpus }) => cpus)) ||
    (slot.memoryBytes > 0 && free.memoryBytes < sum(({ memoryBytes }) => memoryBytes))
  );
}

interface FuturePlace {
  open: OpenMachine;
  slot: Slot;
  startsAt: SteadyMs;
}

/** Whether a worker might fit there before then, by a look that costs nothing: where it says no, none does. */
function mayFitBefore(then: SteadyMs, demand: Demand, { machine, ledger, held }: OpenMachine): boolean {
  if (machine.hasQueue || machine.slots || !demand.gpus) return held.length === 0 || ends(held, then).length > 0;
  const won = ends(held, then).reduce((sum, { slot }) => sum + slot.gpus.length, 0);
  return ledger.free().gpus.length + won >= demand.gpus;
}

function ends(held: OpenMachine["held"], before: SteadyMs): OpenMachine["held"] {
  return held.filter(({ endsAt }) => endsAt !== null && endsAt < before);
}

/**
 * What a machine will have for workers, at most so many, and when enough of what is held has ended by its time limit for
 * each; Infinity where limits do not tell.
 */
function futurePlaces(demand: Demand, open: OpenMachine, most: number, now: SteadyMs): FuturePlace[] {
  const empty = openLedger(open.machine);
  const slots: Slot[] = [];
  fill(empty, demand, most, slots);
  if (slots.length === 0) return [];
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
    // Who should have ended already may any moment.
    times.push(...new Array<SteadyMs>(more).fill(Math.max(now, endsAt)));
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
