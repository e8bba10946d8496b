import { type GpuUse, type MachineUse, together, UNWATCHED } from "./gpu_use.ts";
import type { UnixMs } from "./run.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How fine the use of GPUs is kept, and for how long. */
export interface Grain {
  /** What lies in one such stretch of the clock is kept together. */
  spanMs: number;
  keptMs: number;
}

/** A day by minutes, and a week by ten of them: everything is kept in both. */
export const fineGrain: Grain = { spanMs: MINUTE_MS, keptMs: 24 * HOUR_MS };
export const coarseGrain: Grain = { spanMs: 10 * MINUTE_MS, keptMs: 7 * 24 * HOUR_MS };
export const grains: readonly Grain[] = [fineGrain, coarseGrain];

/** When the stretch began in which `at` lies. */
export function startOf({ spanMs }: Grain, at: UnixMs): UnixMs {
  return Math.floor(at / spanMs) * spanMs;
}

/** `points` stretches of `stepMs` each, one after the other from `from` on, to be read from what is kept in `grain`. */
export interface UseWindow {
  grain: Grain;
  from: UnixMs;
  stepMs: number;
  points: number;
}

/** The window that shows all of the time from `since` to `until` in at most `points` points, as fine as it is kept. */
export function windowOf(since: UnixMs, until: UnixMs, points: number, now: UnixMs): UseWindow {
  const grain = grainFor(since, until, points, now);
  const from = startOf(grain, since);
  const spanMs = Math.max(1, until - from);
  const stepMs = Math.ceil(spanMs / points / grain.spanMs) * grain.spanMs;
  return { grain, from, stepMs, points: Math.ceil(spanMs / stepMs) };
}

/** The window of the last `backMs` in at most `points` points. It ends with the stretch that `now` lies in, so that its points stay the same for a while. */
export function windowBack(backMs: number, points: number, now: UnixMs): UseWindow {
  const grain = grainFor(now - backMs, now, points, now);
  const stepMs = Math.ceil(backMs / points / grain.spanMs) * grain.spanMs;
  const needed = Math.ceil(backMs / stepMs);
  return { grain, from: startOf(grain, now) + grain.spanMs - needed * stepMs, stepMs, points: needed };
}

/** Half as many points as were asked for are as good, and cost a tenth. */
function grainFor(since: UnixMs, until: UnixMs, points: number, now: UnixMs): Grain {
  const isFine = since >= now - fineGrain.keptMs && (until - since) / points < coarseGrain.spanMs / 2;
  return isFine ? fineGrain : coarseGrain;
}

/** What was seen of a machine in the stretch that began then. */
export interface UseSample {
  at: UnixMs;
  gpus: MachineUse;
}

/** The use of one GPU over a window: one entry a point, null where nobody has looked or the tool does not say. */
export interface UseSeries {
  index: string;
  /** Utilization, 0 to 1: the mean of a point, and its highest. */
  utilization: (number | null)[];
  peak: (number | null)[];
  usedBytes: (number | null)[];
  /** Over the whole window. */
  heldMs: number;
  idleMs: number;
}

/** Every GPU that was seen in the window, by its index. A point takes together what lies in it; nothing is guessed between points. */
export function seriesOf(samples: Iterable<UseSample>, { from, stepMs, points }: UseWindow): UseSeries[] {
  const seen = new Map<string, (GpuUse | undefined)[]>();
  for (const { at, gpus } of samples) {
    const point = Math.floor((at - from) / stepMs);
    if (point < 0 || point >= points) continue;
    for (const [index, use] of gpus) {
      const uses = seen.get(index) ?? [];
      const before = uses[point];
      uses[point] = before ? together(before, use) : use;
      seen.set(index, uses);
    }
  }
  const order = [...seen.keys()].sort((a, b) => Number(a) - Number(b) || (a < b ? -1 : 1));
  return order.map((index) => {
    const uses = Array.from({ length: points }, (_, point) => seen.get(index)?.[point] ?? UNWATCHED);
    return {
      index,
      utilization: uses.map(({ looks, mean }) => (looks === 0 ? null : mean)),
      peak: uses.map(({ looks, peak }) => (looks === 0 ? null : peak)),
      usedBytes: uses.map(({ usedBytes }) => usedBytes),
      heldMs: uses.reduce((sum, { heldMs }) => sum + heldMs, 0),
      idleMs: uses.reduce((sum, { idleMs }) => sum + idleMs, 0),
    };
  });
}
