import { expect, test } from "vitest";
import { quantileOf } from "./quantile.ts";

test("with equal weights it is the usual median, and quartiles between values", () => {
  const of = (...values: number[]) => [0.25, 0.5, 0.75].map((part) => quantileOf(alike(values), part));
  expect(of(4, 1, 3, 2)).toEqual([1.5, 2.5, 3.5]);
  expect(of(30, 10, 20)).toEqual([12.5, 20, 27.5]);
  expect(of(10, 20)).toEqual([10, 15, 20]);
  expect(of(7)).toEqual([7, 7, 7]);
  expect(of()).toEqual([Number.NaN, Number.NaN, Number.NaN]);
});

test("what weighs most draws the median to itself", () => {
  const items = [
    { value: 1, weight: 1 },
    { value: 2, weight: 1 },
    { value: 9, weight: 6 },
  ];
  // The middles stand at 0.5, 1.5 and 5 of 8.
  expect(quantileOf(items, 0.5)).toBeCloseTo(2 + (7 * 2.5) / 3.5, 12);
  expect(quantileOf(items, 0.75)).toBe(9);
});

function alike(values: readonly number[]) {
  return values.map((value) => ({ value, weight: 1 }));
}
