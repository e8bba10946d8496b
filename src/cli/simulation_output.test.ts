import { expect, test } from "vitest";
import { figuresOf } from "../simulator/figures.ts";
import { AS_LIVED, type Outcome, waitSentence } from "./simulation_output.ts";

/** Jobs that have waited so long, a second of work each. */
function outcome(policy: string, ...waits: number[]): Outcome {
  const simulated = waits.map((wait, i) => ({
    job: { id: String(i), user: "", gpus: 1, submittedAt: 0, durationSeconds: 1, priority: 30 },
    startedAt: wait,
    endedAt: wait + 1,
    preemptions: 0,
    resizes: 0,
    ranSeconds: 1,
    gpuSeconds: 1,
  }));
  const timeline = { at: [], held: [], waiting: [] };
  return { policy, simulated, figures: figuresOf(simulated, 1), timeline, tookSeconds: 0 };
}

test.each([
  [[51 * 60], [outcome("las", 14 * 60)], "Under las your median wait would have been 14m instead of 51m."],
  [
    [1, 60, 9000],
    [outcome("las", 70, 70, 0), outcome("srtf", 0, 0, 99)],
    "Under srtf your median wait would have been 0s instead of 1m.",
  ],
  [[10], [outcome("las", 20)], "Under las your median wait would have been 20s instead of 10s."],
  [[0], [outcome("fifo", 0)], "Under fifo your median wait would have been 0s, as it was."],
])("of waits of %j it is said how long the best policy would have made them", (waits, outcomes, said) => {
  expect(waitSentence(outcome(AS_LIVED, ...waits), outcomes)).toBe(said);
});
