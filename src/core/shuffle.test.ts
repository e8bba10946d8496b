import fc from "fast-check";
import { expect, test } from "vitest";
import { shuffleOf } from "./shuffle.ts";

test("every number is drawn once, and its place is known", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3000 }), fc.maxSafeInteger(), (size, seed) => {
      const shuffle = shuffleOf(size, seed);
      const drawn = Array.from({ length: size }, (_, place) => shuffle.at(place));
      expect(drawn.map(shuffle.placeOf)).toEqual([...drawn.keys()]);
      expect([...drawn].sort((a, b) => a - b)).toEqual([...drawn.keys()]);
    }),
    { numRuns: 30 },
  );
});

test("sizes that are too large to keep are drawn from as well", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2 ** 20 + 1, max: Number.MAX_SAFE_INTEGER }), fc.maxSafeInteger(), (size, seed) => {
      const shuffle = shuffleOf(size, seed);
      const drawn = Array.from({ length: 200 }, (_, place) => shuffle.at(place));
      expect(new Set(drawn).size).toBe(200);
      for (const [place, number] of drawn.entries()) {
        expect(number).toBeGreaterThanOrEqual(0);
        expect(number).toBeLessThan(size);
        expect(shuffle.placeOf(number)).toBe(place);
      }
    }),
  );
});

test("a stored seed draws the same for ever", () => {
  const first = (size: number, seed: number) =>
    Array.from({ length: 6 }, (_, place) => shuffleOf(size, seed).at(place));
  expect(first(10, 0)).toMatchInlineSnapshot(`
    [
      3,
      7,
      4,
      0,
      1,
      2,
    ]
  `);
  expect(first(10, -7)).toMatchInlineSnapshot(`
    [
      8,
      7,
      6,
      1,
      2,
      3,
    ]
  `);
  expect(first(1e12, 1)).toMatchInlineSnapshot(`
    [
      247311539900,
      154548369477,
      477748742313,
      34944292713,
      483833993941,
      971251538725,
    ]
  `);
});

test("every number is equally likely to be drawn", () => {
  for (const [size, scale] of [
    [10, 1],
    [1e9, 1e8],
    [2 ** 20 + 1, (2 ** 20 + 1) / 10],
  ] as const) {
    const counts = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 3000; seed += 1) {
      const tenth = Math.floor(shuffleOf(size, seed).at(size === 10 ? 3 : 0) / scale);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
      if (size === 2 ** 20 + 1 && seed > 1000) break;
    }
    const expected = counts.reduce((a, b) => a + b, 0) / 10;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 9 degrees of freedom: above 33.7 once in 10,000 fair draws.
    expect(chiSquare).toBeLessThan(33.7);
  }
});

test("numbers that follow each other in a draw are unrelated", () => {
  const shuffle = shuffleOf(1e12, 3);
  let [sumXy, sumX, sumXx] = [0, 0, 0];
  const draws = Array.from({ length: 20_000 }, (_, place) => shuffle.at(place) / 1e12);
  for (const [i, x] of draws.slice(1).entries()) {
    const before = draws[i] ?? 0;
    sumXy += x * before;
    sumX += x;
    sumXx += x * x;
  }
  const n = draws.length - 1;
  const correlation = (sumXy / n - (sumX / n) ** 2) / (sumXx / n - (sumX / n) ** 2);
  expect(Math.abs(correlation)).toBeLessThan(0.03);
});
