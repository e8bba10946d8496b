import { IDLE_PATIENCE_MS, idleHeldMs } from "./idle_since.ts";
import type { Gpu } from "./machine.ts";
import { formatBytes, formatDuration } from "./quantity.ts";
import type { UnixMs } from "./run.ts";

/** What runs of this yard keep from others without using it. */
export type Waste =
  | { code: "idle_gpu"; run: string; gpu: string; idleMs: number }
  /** Of each of its GPUs. */
  | { code: "gpu_memory"; run: string; askedBytes: number; usedBytes: number }
  | { code: "memory"; run: string; askedBytes: number; usedBytes: number };

/** A run with what it has, what it asked for, and what it was seen to use at its peak. */
export interface Holder {
  run: string;
  /** Indices of its GPUs. */
  gpus: readonly string[];
  startedAt: UnixMs | null;
  /** Of each GPU; null: it asked for no certain memory. */
  askedGpuMemoryBytes: number | null;
  /** On all of its GPUs here together; null: nobody has looked, or could. */
  gpuMemoryPeakBytes: number | null;
  askedMemoryBytes: number | null;
  memoryPeakBytes: number | null;
}

/** Less than this share of what was asked is little; a run may still be warming up before it has run for a while. */
const LITTLE_SHARE = 0.5;
/** What is left over below this would hardly serve another run. */
const WORTH_TELLING_BYTES = 1024 ** 3;

/** What is wasted on a machine now. What a run leaves idle is told after ten minutes; so is what it asked for and never used half of. */
export function wasteOn(
  gpus: readonly Pick<Gpu, "index" | "idleSince">[],
  holders: readonly Holder[],
  now: UnixMs,
): Waste[] {
  return holders.flatMap((holder): Waste[] => {
    const { run, startedAt, gpuMemoryPeakBytes } = holder;
    const idle = gpus.flatMap((gpu): Waste[] => {
      const idleMs = holder.gpus.includes(gpu.index) ? idleHeldMs(gpu.idleSince ?? null, startedAt, now) : null;
      return idleMs === null ? [] : [{ code: "idle_gpu", run, gpu: gpu.index, idleMs }];
    });
    if (startedAt === null || now - startedAt < IDLE_PATIENCE_MS) return idle;
    const ofEach = gpuMemoryPeakBytes === null ? null : gpuMemoryPeakBytes / Math.max(1, holder.gpus.length);
    return [
      ...idle,
      ...hardlyUsed("gpu_memory", run, holder.askedGpuMemoryBytes, ofEach),
      ...hardlyUsed("memory", run, holder.askedMemoryBytes, holder.memoryPeakBytes),
    ];
  });
}

function hardlyUsed(
  code: "gpu_memory" | "memory",
  run: string,
  askedBytes: number | null,
  usedBytes: number | null,
): Waste[] {
  if (askedBytes === null || usedBytes === null) return [];
  const isLittle = usedBytes < LITTLE_SHARE * askedBytes && askedBytes - usedBytes >= WORTH_TELLING_BYTES;
  return isLittle ? [{ code, run, askedBytes, usedBytes }] : [];
}

export function describeWaste(waste: Waste): string {
  switch (waste.code) {
    case "idle_gpu":
      return `${waste.run} holds GPU ${waste.gpu} and has left it idle for ${formatDuration(waste.idleMs)}. See what it does: runyard logs ${waste.run}`;
    case "gpu_memory":
      return `${waste.run} asked for ${formatBytes(waste.askedBytes)} of GPU memory and used ${formatBytes(waste.usedBytes)} at its peak. Ask for less next time: --gpu-memory`;
    case "memory":
      return `${waste.run} asked for ${formatBytes(waste.askedBytes)} of memory and used ${formatBytes(waste.usedBytes)} at its peak. Ask for less next time: --memory`;
  }
}
