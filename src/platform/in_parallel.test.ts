import { expect, test } from "vitest";
import { inParallel } from "./in_parallel.ts";

test("every item is worked on once, never more at a time than asked", async () => {
  const seen: number[] = [];
  let atOnce = 0;
  let most = 0;
  await inParallel([5, 6, 7, 8, 9], 2, async (item, index) => {
    most = Math.max(most, ++atOnce);
    await Promise.resolve();
    seen[index] = item;
    atOnce -= 1;
  });
  expect(seen).toEqual([5, 6, 7, 8, 9]);
  expect(most).toBe(2);
});

test("after a failure nothing more begins, and what was begun has ended when it is thrown", async () => {
  let begun = 0;
  let ended = 0;
  const work = inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
    begun += 1;
    await Promise.resolve();
    ended += 1;
    if (item === 1) throw new Error("stop");
  });
  await expect(work).rejects.toThrow("stop");
  expect(begun).toBeLessThan(6);
  expect(ended).toBe(begun);
});
