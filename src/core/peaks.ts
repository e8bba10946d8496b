/** The most memory that an attempt's processes were seen to hold together; null: nobody has looked, or could. */
export interface Peaks {
  memoryPeakBytes: number | null;
  gpuMemoryPeakBytes: number | null;
}

export const UNSEEN: Peaks = { memoryPeakBytes: null, gpuMemoryPeakBytes: null };

export function higherPeaks(one: Peaks, other: Peaks): Peaks {
  return {
    memoryPeakBytes: higher(one.memoryPeakBytes, other.memoryPeakBytes),
    gpuMemoryPeakBytes: higher(one.gpuMemoryPeakBytes, other.gpuMemoryPeakBytes),
  };
}

/** Whether those who watch should hear of it: what grows little by little is told in steps of a sixteenth. */
export function haveRisen(told: Peaks, now: Peaks): boolean {
  return (
    hasRisen(told.memoryPeakBytes, now.memoryPeakBytes) || hasRisen(told.gpuMemoryPeakBytes, now.gpuMemoryPeakBytes)
  );
}

function higher(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function hasRisen(told: number | null, now: number | null): boolean {
  return now !== null && (told === null || now > told * (1 + 1 / 16));
}
