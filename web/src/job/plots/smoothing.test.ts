import fc from "fast-check";
import { expect, test } from "vitest";
import { smoothed } from "./smoothing.ts";

const values = fc.array(fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true })));
const weight = fc.double({ min: 0, max: 0.99, noNaN: true });

test("a smoothed curve stays within what it is of, begins where that begins and has the same gaps", () => {
  fc.assert(
    fc.property(values, weight, (values, weight) => {
      const smooth = smoothed(values, weight);
      const numbers = values.filter((value) => value !== null);
      const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
      expect(smooth.map((value) => value === null)).toEqual(values.map((value) => value === null));
      for (const value of smooth) {
        if (value === null) continue;
        expect(value).toBeGreaterThanOrEqual(least - 1e-6);
        expect(value).toBeLessThanOrEqual(most + 1e-6);
      }
      const first = smooth.find((value) => value !== null);
      if (first !== undefined && first !== null) expect(first).toBeCloseTo(numbers[0] ?? 0, 4);
    }),
  );
});

test("without weight nothing changes, and what does not change stays", () => {
  expect(smoothed([1, null, 3], 0)).toEqual([1, null, 3]);
  for (const value of smoothed([2, 2, 2], 0.9)) expect(value).toBeCloseTo(2);
});
