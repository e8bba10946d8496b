import type { Sliced } from "../core/run_table/table.ts";

/** For so long the thread works at a stretch; then whoever else waits comes first. */
const SLICE_MS = 8;

/** Drives the work to its end, in slices that delay nobody; also between one work and the next. */
export async function inSlices<Result>(work: Sliced<Result>): Promise<Result> {
  for (;;) {
    const until = performance.now() + SLICE_MS;
    let step = work.next();
    while (!step.done && performance.now() < until) step = work.next();
    await breathe();
    if (step.done) return step.value;
  }
}

/** Lets everything come first that waits. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
