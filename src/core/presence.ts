import type { UnixMs } from "./run.ts";

/** How long a machine may be silent before it counts as unreachable. Its runs are kept all the same. */
export const SILENCE_MS = 20_000;
/** Between two looks no more than this counts as silence: the yard itself may have slept in between. */
const LONGEST_STEP_MS = 3000;

/**
 * Which machines have been heard since this yard started. Silence counts only while the yard was awake and looking: a
 * laptop that slept, a stopped process or a clock that jumped starts no lease's end.
 */
export interface Presence {
  heard(machine: number, now: UnixMs): void;
  /** The yard is awake and looking. */
  looked(now: UnixMs): void;
  of(machine: number): { seenAt: UnixMs | null; unreachableSince: UnixMs | null };
}

export function openPresence(): Presence {
  const machines = new Map<number, { seenAt: UnixMs; silentMs: number }>();
  let lookedAt: UnixMs | null = null;
  return {
    heard: (machine, now) => machines.set(machine, { seenAt: now, silentMs: 0 }),
    looked(now) {
      const step = lookedAt === null ? 0 : Math.min(Math.max(0, now - lookedAt), LONGEST_STEP_MS);
      lookedAt = now;
      for (const machine of machines.values()) machine.silentMs += step;
    },
    of(machine) {
      const known = machines.get(machine);
      if (!known) return { seenAt: null, unreachableSince: null };
      return { seenAt: known.seenAt, unreachableSince: known.silentMs > SILENCE_MS ? known.seenAt : null };
    },
  };
}
