/**
 * Node's flags for a process that lives long beside its user's work. Without the first the young generation of its heap
 * grows to 3 × 16 MB under load, which V8 does not give back; the second is what `openRest` needs.
 */
export const leanNodeFlags = ["--max-semi-space-size=2", "--expose-gc"];

/** Gives memory back after work: V8 collects when a program allocates, and so never in one that has become idle. */
export interface Rest {
  /** Something has been done. */
  stir(): void;
  stop(): void;
}

const QUIET_MS = 10_000;
const LOOK_MS = 2000;

/** Collects once after each busy while, when nothing has stirred for 10 s. Without `leanNodeFlags` it does nothing. */
export function openRest(now: () => number): Rest {
  let stirredAt: number | null = null;
  const timer = setInterval(() => {
    if (stirredAt === null || now() - stirredAt < QUIET_MS) return;
    stirredAt = null;
    // An ordinary collection keeps the pages it has emptied.
    globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  }, LOOK_MS);
  timer.unref();
  return {
    stir: () => {
      stirredAt = now();
    },
    stop: () => clearInterval(timer),
  };
}
