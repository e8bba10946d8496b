import type { UnixMs } from "./run.ts";

/** A GPU whose utilization is below this counts as idle: a driver that only keeps it awake shows a percent or two. */
const IDLE_BELOW = 0.05;

/** So long a run may leave its GPU idle, while it loads data or compiles, before that is called a waste. */
export const IDLE_PATIENCE_MS = 600_000;

/** After a longer silence nobody knows what a GPU did meanwhile. */
const LONGEST_SILENCE_MS = 120_000;

/**
 * Since when a GPU has been idle at every look, as of now; null: it is in use, or its tool does not say.
 *
 * @param before  what was known at the look before: since when it was idle, and when that look was; null: there was none
 */
export function idleSince(
  before: { idleSince: UnixMs | null; seenAt: UnixMs } | null,
  utilization: number | null,
  now: UnixMs,
): UnixMs | null {
  if (utilization === null || utilization >= IDLE_BELOW) return null;
  const silence = before === null ? Number.POSITIVE_INFINITY : now - before.seenAt;
  const isWatched = silence >= 0 && silence <= LONGEST_SILENCE_MS;
  return (isWatched ? before?.idleSince : null) ?? now;
}

/** For how long, up to `now`, a run that has had a GPU since `heldSince` has left it idle; null: not for long enough to be told. */
export function idleHeldMs(idleSince: UnixMs | null, heldSince: UnixMs | null, now: UnixMs): number | null {
  if (idleSince === null || heldSince === null) return null;
  const idleMs = now - Math.max(idleSince, heldSince);
  return idleMs >= IDLE_PATIENCE_MS ? idleMs : null;
}
