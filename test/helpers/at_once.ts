import type { Sliced } from "../../src/core/run_table/table.ts";

/** The result of work in slices, without a rest. */
export function atOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
