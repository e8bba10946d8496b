import { setTimeout as pause } from "node:timers/promises";

/** What a wait for something costs at most before the test fails; what is merely slow is given its time. */
const PATIENCE_MS = 30_000;

/**
 * Asks again and again until the answer is neither false nor null nor undefined, and returns it.
 * Fails with `what` (a clause: `the run has ended`) where that takes longer than `timeoutMs`.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await condition();
    if (answer !== false && answer !== null && answer !== undefined) {
      return answer as Exclude<T, false | null | undefined>;
    }
    if (performance.now() > deadline) throw new Error(`it never came to be that ${what} (waited ${timeoutMs} ms)`);
    await pause(15);
  }
}
