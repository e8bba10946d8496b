import { expect, test } from "vitest";
import { nextTryAt, PATIENCE_MS } from "./notice_retry.ts";

/** The pauses between tries that all fail at once, to the end. */
function pauses(): number[] {
  const found = [];
  let now = 0;
  for (let tries = 1; ; tries += 1) {
    const next = nextTryAt(tries, 0, now);
    if (next === null) return found;
    found.push(next - now);
    now = next;
  }
}

test("pauses grow from 10 s to an hour, and after a day it is given up", () => {
  const found = pauses();
  expect(found.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000]);
  expect(found.every((pause, at) => pause >= (found[at - 1] ?? 0))).toBe(true);
  expect(found.at(-1)).toBe(60 * 60_000);
  const total = found.reduce((sum, pause) => sum + pause, 0);
  expect(total).toBeGreaterThanOrEqual(PATIENCE_MS);
  expect(total).toBeLessThan(PATIENCE_MS + 60 * 60_000);
});
