import { type Demand, mostWorkersOf, type Slot } from "../core/demand.ts";
import { type Ledger, openLedger } from "../core/ledger.ts";
import { type Machine, whyClosed } from "../core/machine.ts";
import type { OpenMachine } from "../core/open_machine.ts";
import { poolsIn } from "../core/pool.ts";
import type { AttemptId, SteadyMs } from "../core/run.ts";
import { nextMeanMs, runAhead } from "../core/run_ahead.ts";

/** An attempt as the floor knows it. */
export interface Seated {
  attempt: AttemptId;
  slot: Slot;
  /** When its time limit ends it; null: not known. */
  endsAt: SteadyMs | null;
}

/** The machines with what is held on them, kept in memory by the loop and rebuilt from the store when it starts. */
export interface Floor {
  /** Takes over how these machines are now; what is held stays held. */
  refresh(machines: Machine[]): void;
  /** Forgets all other machines. */
  keepOnly(machines: ReadonlySet<number>): void;
  /** The machines of a pool that take runs now, with ledgers that a policy may hold slots in. */
  open(pool: string): OpenMachine[];
  /** Why others of a pool take none, worded for people. */
  closed(pool: string): string[];
  machines(): Iterable<Machine>;
  get(machine: number): Machine | undefined;
  /** Seats an attempt whose slot the ledger holds already. */
  seat(machine: number, seated: Seated): void;
  /** Seats an attempt found in the store: in its slot where it runs already or that is free, else in line. */
  reseat(machine: number, seated: Seated, isRunning: boolean, now: SteadyMs): void;
  /** Gives back a slot that was held for a run which then did not come. */
  release(machine: number, slot: Slot): void;
  /** These attempts are over: their slots are free, or go to the first in line that they suit. */
  leave(machine: number, attempts: readonly { attempt: AttemptId; tookMs: number | null }[], now: SteadyMs): void;
  /**
   * A slot to wait for on this machine, where runs are so short that a line is worth it, and where whichever of them ends
   * frees just such a slot: else one would wait for a busy slot beside a free one, or be overtaken for ever. Null otherwise.
   * `starting` start there in this turn, and `already` more than are in line have been decided on.
   */
  placeAhead(machine: number, demand: Demand, starting: readonly { slot: Slot }[], already: number): Slot | null;
  /** Seats an attempt in line. */
  queue(machine: number, seated: Seated, now: SteadyMs): void;
  /**
   * Attempts that have stood in line for too long, each told once: what runs there takes longer than what ran before. On
   * their machines nothing more stands in line until short runs have ended again.
   */
  stuck(now: SteadyMs): AttemptId[];
}

interface Waiting extends Seated {
  /** Since when it stands in line; null: it has been told of as stuck. */
  since: SteadyMs | null;
}

interface Place {
  machine: Machine;
  ledger: Ledger;
  seated: Map<AttemptId, Seated>;
  line: Map<AttemptId, Waiting>;
  /** For how long the last runs took their slots, all told; null: not known, or too long for a line. */
  meanMs: number | null;
  /** When attempts ended last; null: none has. */
  leftAt: SteadyMs | null;
  /** As policies were given it last; null: what is seated there has changed since. */
  open: OpenMachine | null;
}

/** A line is for the moment between two short runs; who has to wait longer does better in the queue. */
const LINE_PATIENCE_MS = 500;

/** @param minuteOfDay  the time of day now, where the yard is */
export function openFloor(minuteOfDay: () => number): Floor {
  const places = new Map<number, Place>();
  /** As asked for since machines have changed. */
  const ofPools = new Map<string, Place[]>();

  function placesIn(pool: string): Place[] {
    const known = ofPools.get(pool) ?? placesInOrder(pool);
    ofPools.set(pool, known);
    return known;
  }

  /** In the order in which the pools are named; clusters last: there a run may wait, and elsewhere it starts. */
  function placesInOrder(pool: string): Place[] {
    const named = poolsIn(pool).flatMap((name) => [...places.values()].filter(({ machine }) => machine.pool === name));
    if (!named.some(({ machine }) => machine.hasQueue)) return named;
    return [...named.filter(({ machine }) => !machine.hasQueue), ...named.filter(({ machine }) => machine.hasQueue)];
  }

  function advance(place: Place): void {
    for (const [attempt, waiting] of place.line) {
      if (!place.ledger.isFree(waiting.slot)) continue;
      place.ledger.hold(waiting.slot);
      place.line.delete(attempt);
      place.seated.set(attempt, waiting);
      place.open = null;
    }
  }

  function opened(place: Place): OpenMachine {
    const { machine, ledger, seated } = place;
    place.open ??= { machine, ledger, held: [...seated.values()] };
    return place.open;
  }

  return {
    refresh(machines) {
      ofPools.clear();
      for (const machine of machines) {
        const before = places.get(machine.id);
        const ledger = openLedger(machine);
        for (const { slot } of before?.seated.values() ?? []) ledger.hold(slot);
        const place = {
          machine,
          ledger,
          seated: before?.seated ?? new Map(),
          line: before?.line ?? new Map(),
          meanMs: before?.meanMs ?? null,
          leftAt: before?.leftAt ?? null,
          open: null,
        };
        places.set(machine.id, place);
        advance(place);
      }
    },
    keepOnly(machines) {
      ofPools.clear();
      for (const id of places.keys()) if (!machines.has(id)) places.delete(id);
    },
    open(pool) {
      const minute = minuteOfDay();
      return placesIn(pool)
        .filter(({ machine }) => whyClosed(machine, minute) === null)
        .map(opened);
    },
    closed(pool) {
      const minute = minuteOfDay();
      return placesIn(pool)
        .map(({ machine }) => whyClosed(machine, minute))
        .filter((why) => why !== null);
    },
    *machines() {
      for (const { machine } of places.values()) yield machine;
    },
    get: (machine) => places.get(machine)?.machine,
    seat(machine, seated) {
      const place = places.get(machine);
      if (!place) return;
      place.seated.set(seated.attempt, seated);
      place.open = null;
    },
    reseat(machine, seated, isRunning, now) {
      const place = places.get(machine);
      if (!place) return;
      if (isRunning) {
        place.ledger.hold(seated.slot);
        place.seated.set(seated.attempt, seated);
        place.open = null;
        return;
      }
      place.line.set(seated.attempt, { ...seated, since: now });
      advance(place);
    },
    release(machine, slot) {
      const place = places.get(machine);
      if (!place) return;
      place.ledger.release(slot);
      place.open = null;
    },
    leave(machine, attempts, now) {
      const place = places.get(machine);
      if (!place) return;
      const turnMs = turnaround(place, attempts, now);
      place.leftAt = now;
      for (const { attempt, tookMs } of attempts) {
        if (tookMs !== null) place.meanMs = nextMeanMs(place.meanMs, Math.max(tookMs, turnMs));
        place.line.delete(attempt);
        const seated = place.seated.get(attempt);
        if (!seated) continue;
        place.seated.delete(attempt);
        place.ledger.release(seated.slot);
        place.open = null;
      }
      advance(place);
    },
    placeAhead(id, demand, starting, already) {
      const place = places.get(id);
      if (!place || place.machine.hasQueue || demand.need || mostWorkersOf(demand) > 1) return null;
      if (place.line.size + already >= runAhead(place.meanMs, place.seated.size + starting.length)) return null;
      if (whyClosed(place.machine, minuteOfDay()) !== null) return null;
      const slot = openLedger(place.machine).place(demand);
      return slot && isAlike(slot, place, starting) ? slot : null;
    },
    queue(machine, seated, now) {
      places.get(machine)?.line.set(seated.attempt, { ...seated, since: now });
    },
    stuck(now) {
      const stuck: AttemptId[] = [];
      for (const place of places.values()) {
        const untold = [...place.line.values()].filter(({ since }) => since !== null);
        // All of the line or none of it: who stands further back must not take the place of who was called back.
        if (!untold.some(({ since }) => since !== null && now - since >= LINE_PATIENCE_MS)) continue;
        for (const waiting of untold) waiting.since = null;
        place.meanMs = null;
        stuck.push(...untold.map(({ attempt }) => attempt));
      }
      return stuck;
    },
  };
}

/**
 * For how long each of these had its slot, the time between two runs included, where others waited for it; else 0. Before
 * somebody stood in line nobody waited: the night between two jobs is not counted.
 */
function turnaround({ seated, line, leftAt }: Place, ended: readonly { attempt: AttemptId }[], now: SteadyMs): number {
  const freed = ended.filter(({ attempt }) => seated.has(attempt)).length;
  const [first] = line.values();
  if (!first || first.since === null || leftAt === null || freed === 0) return 0;
  return ((now - Math.max(leftAt, first.since)) * seated.size) / freed;
}

/** Whether the machine is cut into slots like this one only, as far as its slots are named or what is held there shows. */
function isAlike(
  { devices, gpus, cpus, memoryBytes }: Slot,
  { machine, seated, line }: Place,
  starting: readonly { slot: Slot }[],
): boolean {
  if (machine.slots ? machine.slots.some((other) => other !== devices) : gpus.length > 0) return false;
  return [...seated.values(), ...line.values(), ...starting].every(
    ({ slot }) => slot.devices === devices && slot.cpus === cpus && slot.memoryBytes === memoryBytes,
  );
}
