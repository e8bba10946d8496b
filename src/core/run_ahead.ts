/**
 * How many attempts a machine is given beyond its free slots, so that it need not wait for the yard's answer between
 * two short ones. None where runs take long: what stands in line on one machine cannot start on another.
 *
 * @param meanMs  for how long the last runs there took their slots; null: not known
 * @param running  how many run there now
 */
export function runAhead(meanMs: number | null, running: number): number {
  if (meanMs === null || meanMs > LONGEST_MEAN_MS) return 0;
  return Math.min(MOST, Math.ceil((running * HORIZON_MS) / Math.max(1, meanMs)));
}

const HORIZON_MS = 200;
const LONGEST_MEAN_MS = 500;
const MOST = 256;

/** The mean after one more run, the latest weighing most. */
export function nextMeanMs(meanMs: number | null, tookMs: number): number {
  return meanMs === null ? tookMs : meanMs + (tookMs - meanMs) / 8;
}
