import type { UnixMs } from "./run.ts";

/** How long a machine may be silent before it counts as unreachable. Its runs are kept all the same. */
export const SILENCE_MS = 20_000;
/** Between two looks no more than this counts as silence: the yard itself may have slept in between. */
const LONGEST_STEP_MS = 3000;

export interface Sight {
  /** When the machine was heard last; null: not since this yard started. */
  seenAt: UnixMs | null;
  unreachableSince: UnixMs | null;
  /** Why its agent cannot speak, worded for people; null: nothing is known to be wrong. */
  trouble: string | null;
}

/** For who only looks: what an earlier yard has heard is no reason to start anything, and still the last that was heard. */
export function lastSight(sight: Sight, seenBefore: UnixMs | null): Sight {
  return sight.seenAt === null ? { ...sight, seenAt: seenBefore, unreachableSince: seenBefore } : sight;
}

/**
 * Which machines have been heard since this yard started. Silence counts only while the yard was awake and looking: a
 * laptop that slept, a stopped process or a clock that jumped starts no lease's end.
 */
export interface Presence {
  heard(machine: number, now: UnixMs): void;
  /** Until it is heard again. */
  troubled(machine: number, trouble: string): void;
  /** The yard is awake and looking. */
  looked(now: UnixMs): void;
  of(machine: number): Sight;
}

export function openPresence(): Presence {
  const machines = new Map<number, { seenAt: UnixMs; silentMs: number }>();
  const troubles = new Map<number, string>();
  let lookedAt: UnixMs | null = null;
  return {
    heard(machine, now) {
      machines.set(machine, { seenAt: now, silentMs: 0 });
      troubles.delete(machine);
    },
    troubled: (machine, trouble) => troubles.set(machine, trouble),
    looked(now) {
      const step = lookedAt === null ? 0 : Math.min(Math.max(0, now - lookedAt), LONGEST_STEP_MS);
      lookedAt = now;
      for (const machine of machines.values()) machine.silentMs += step;
    },
    of(machine) {
      const known = machines.get(machine);
      const trouble = troubles.get(machine) ?? null;
      if (!known) return { seenAt: null, unreachableSince: null, trouble };
      return { seenAt: known.seenAt, unreachableSince: known.silentMs > SILENCE_MS ? known.seenAt : null, trouble };
    },
  };
}
