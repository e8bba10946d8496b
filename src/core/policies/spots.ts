import { type Demand, demandKey } from "../demand.ts";
import { type HeldPlace, leave } from "../gang.ts";
import { openLedger } from "../ledger.ts";
import type { OpenMachine, Place } from "../open_machine.ts";
import type { SteadyMs } from "../run.ts";
import { bestFirst } from "./best_first.ts";

/** A machine in the course of one deal. Where runs are to leave it, it has an account of its own, as if they had. */
export interface Spot extends OpenMachine {
  real: OpenMachine;
}

/** The machines of one deal, and where on them there may still be room. */
export interface Spots {
  all: readonly Spot[];
  of(machine: number): Spot | undefined;
  /** Those where somebody may find a place who asks for this: without those that have no GPU free, where one is wanted. */
  withRoom(demand: Demand): readonly Spot[];
  /** Where there may still be room for this, the first to be looked at first. */
  inOrder(demand: Demand): readonly Spot[];
  /** Where one worker more may be put, those where somebody has left first. */
  inOrderForOneMore(demand: Demand): readonly Spot[];
  /** Somebody is to leave these places. */
  release(seats: readonly Place[]): void;
  /** They are taken again. */
  holdAgain(seats: readonly Place[]): void;
  /** There may be more than was needed where these places were left: others are to look there too. */
  offer(seats: Iterable<Place>): void;
  /** Gives back what was held in this deal. */
  giveBack(seats: readonly HeldPlace[]): void;
  /** What was just held is held in the machines' own ledgers too, if all of it is free there. Whether it is. */
  settle(seats: readonly HeldPlace[], endsAt: SteadyMs | null): boolean;
  /** Undoes that where it was free. */
  unsettle(seats: readonly HeldPlace[]): void;
}

export function openSpots(machines: readonly OpenMachine[]): Spots {
  const all = machines.map((real): Spot => ({ machine: real.machine, ledger: real.ledger, held: real.held, real }));
  let byId: Map<number, Spot> | null = null;
  /** Null: to be looked for. Of a pool that is full these are few. */
  let withGpus: Spot[] | null = null;
  /** With an account of their own. */
  const touched = new Set<Spot>();
  /** By demand. */
  const candidates = new Map<string, Spot[]>();
  /** By what one worker asks for. */
  const roomy = new Map<string, Spot[]>();

  function spotOf(machine: number): Spot | undefined {
    byId ??= new Map(all.map((spot) => [spot.machine.id, spot]));
    return byId.get(machine);
  }

  function withRoom(demand: Demand): readonly Spot[] {
    if (!demand.gpus || demand.need) return all;
    withGpus ??= all.filter(({ machine, ledger }) => machine.slots || machine.hasQueue || ledger.freeGpus().length > 0);
    return withGpus;
  }

  /** Whose first is full now is full for the rest of the deal, but for what others are to leave. */
  function fresh(lists: Map<string, Spot[]>, demand: Demand): readonly Spot[] {
    const key = demandKey(demand);
    const list = lists.get(key) ?? bestFirst(withRoom(demand), demand);
    lists.set(key, list);
    while (list[0] && !list[0].ledger.place(demand)) list.shift();
    return list;
  }

  function touch(spot: Spot): void {
    if (touched.has(spot)) return;
    touched.add(spot);
    spot.ledger = openLedger(spot.machine);
    for (const { slot } of spot.held) spot.ledger.hold(slot);
    spot.held = [...spot.held];
  }

  function offerOneMore(spot: Spot): void {
    for (const list of roomy.values()) list.unshift(spot);
  }

  return {
    all,
    of: spotOf,
    withRoom,
    inOrder: (demand) => fresh(candidates, demand),
    inOrderForOneMore: (demand) => fresh(roomy, { ...demand, workers: 1 }),
    release(seats) {
      for (const { machine, slot } of seats) {
        const spot = spotOf(machine);
        if (!spot) continue;
        touch(spot);
        spot.ledger.release(slot);
        spot.held = spot.held.filter((held) => held.slot !== slot);
        withGpus = null;
        offerOneMore(spot);
      }
    },
    holdAgain(seats) {
      for (const { machine, slot } of seats) {
        const spot = spotOf(machine);
        spot?.ledger.hold(slot);
        spot?.held.push({ slot, endsAt: null });
      }
    },
    offer(seats) {
      const more = new Set([...seats].flatMap(({ machine }) => spotOf(machine) ?? []));
      for (const list of candidates.values()) list.push(...more);
    },
    giveBack(seats) {
      leave(seats);
      for (const { open } of seats) offerOneMore(open as Spot);
    },
    settle(seats, endsAt) {
      const held: HeldPlace[] = [];
      let isFree = true;
      for (const { open, slot } of seats) {
        const { real } = open as Spot;
        if (touched.has(open as Spot)) {
          isFree &&= real.ledger.isFree(slot);
          if (!isFree) continue;
          real.ledger.hold(slot);
          real.held.push({ slot, endsAt });
        }
        held.push({ open: real, slot });
      }
      if (isFree) return true;
      for (const { open } of seats) touch(open as Spot);
      leave(held);
      return false;
    },
    unsettle(seats) {
      const own = seats.filter(({ open }) => touched.has(open as Spot));
      leave(own.map(({ open, slot }) => ({ open: (open as Spot).real, slot })));
    },
  };
}
