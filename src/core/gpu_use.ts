/** How a GPU was used over a stretch of time, as far as it was looked at. */
export interface GpuUse {
  /** How many looks told its utilization: by these the mean weighs. */
  looks: number;
  /** Utilization, 0 to 1: the mean of the looks, and the highest of them; 0 where there was none. */
  mean: number;
  peak: number;
  /** The most of its memory that was seen in use, whoever used it; null: no look told. */
  usedBytes: number | null;
  /** For how long of it a run of this yard had it. */
  heldMs: number;
  /** For how long of that the run had left it idle for a while already, as `idle_since.ts` has it. */
  idleMs: number;
}

/** Nobody has looked. */
export const UNWATCHED: GpuUse = { looks: 0, mean: 0, peak: 0, usedBytes: null, heldMs: 0, idleMs: 0 };

/** One look at a GPU. */
export function oneLook(utilization: number | null, usedBytes: number | null): GpuUse {
  if (utilization === null) return { ...UNWATCHED, usedBytes };
  return { ...UNWATCHED, looks: 1, mean: utilization, peak: utilization, usedBytes };
}

/** Two stretches taken together, in whichever order: no peak is lost. */
export function together(one: GpuUse, other: GpuUse): GpuUse {
  const looks = one.looks + other.looks;
  return {
    looks,
    mean: looks === 0 ? 0 : (one.mean * one.looks + other.mean * other.looks) / looks,
    peak: Math.max(one.peak, other.peak),
    usedBytes: one.usedBytes === null ? other.usedBytes : Math.max(one.usedBytes, other.usedBytes ?? 0),
    heldMs: one.heldMs + other.heldMs,
    idleMs: one.idleMs + other.idleMs,
  };
}

/** What was seen of the GPUs of a machine, by their indices. */
export type MachineUse = ReadonlyMap<string, GpuUse>;

export function machinesTogether(one: MachineUse, other: MachineUse): MachineUse {
  const all = new Map(one);
  for (const [gpu, use] of other) all.set(gpu, together(all.get(gpu) ?? UNWATCHED, use));
  return all;
}
