import type { Sliced } from "../core/run_table/table.ts";

/** For so long the thread works at a stretch; then whoever else waits comes first. */
const SLICE_MS = 8;

/** Drives the work to its end, in slices that delay nobody. */
export async function inSlices<Result>(work: Sliced<Result>): Promise<Result> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < until);
    await breathe();
  }
}

/** Lets everything come first that waits. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
