import fc from "fast-check";
import { expect, test } from "vitest";
import { nonNegativeLeastSquares } from "./nnls.ts";

test("weights that are all above 0 are found as they are", () => {
  const rows = [
    [1, 1, 1],
    [2, 1, 4],
    [3, 1, 9],
    [4, 1, 16],
  ];
  const found = nonNegativeLeastSquares(
    rows,
    rows.map((row) => dot(row, [0.5, 2, 0.25])),
  );
  expectClose(found, [0.5, 2, 0.25]);
});

test("a weight that would be below 0 is 0, and the others make the best of it", () => {
  // Without bounds: 3 − x. With them: the mean.
  const rows = [
    [1, 1],
    [1, 2],
    [1, 3],
  ];
  expectClose(nonNegativeLeastSquares(rows, [2, 1, 0]), [1, 0]);
});

test("a column that was of use goes where others do better together", () => {
  // The first is the closest to the values alone; the other two give them without it.
  const rows = [
    [1, 1, 0],
    [1, 0, 1],
    [0.2, 0, 0],
  ];
  expectClose(nonNegativeLeastSquares(rows, [1, 1, 0]), [0, 1, 1]);
});

test("no weights at all come closer than those found: nothing left can be lowered by any column", () => {
  fc.assert(
    fc.property(aProblem(), ({ rows, values }) => {
      const found = nonNegativeLeastSquares(rows, values);
      const left = values.map((value, at) => value - dot(rows[at] ?? [], found));
      for (const [at, weight] of found.entries()) {
        const column = rows.map((row) => row[at] ?? 0);
        const slope = dot(column, left) / (Math.hypot(...column) * Math.hypot(...values) || 1);
        expect(weight).toBeGreaterThanOrEqual(0);
        // The conditions of Kuhn and Tucker: they hold at the closest point, and nowhere else.
        if (weight > 0) expect(Math.abs(slope)).toBeLessThan(1e-6);
        else expect(slope).toBeLessThan(1e-6);
      }
    }),
    { numRuns: 5000 },
  );
});

test("columns that depend on each other share one weight", () => {
  const rows = [1, 2, 3, 4].map((x) => [x, 2 * x, 0, x]);
  const found = nonNegativeLeastSquares(rows, [3, 6, 9, 12]);
  expect(dot([1, 2, 0, 1], found)).toBeCloseTo(3, 12);
  expect(found.filter((weight) => weight > 0)).toHaveLength(1);
});

test("columns that all but cancel each other are not blown up to fit what they differ in", () => {
  const rows = [
    [1, -1],
    [1, -1 + 1e-13],
    [1, -1],
  ];
  expectClose(nonNegativeLeastSquares(rows, [1, 2, 1]), [4 / 3, 0]);
});

test("a column a billion times as long as another is no worse", () => {
  const rows = [1, 2, 3, 5].map((x) => [1e9 * x, 1e-3]);
  expectClose(
    nonNegativeLeastSquares(
      rows,
      rows.map((row) => dot(row, [2e-9, 4e3])),
    ),
    [2e-9, 4e3],
  );
});

test("a row counts by the square of what it is multiplied with", () => {
  expectClose(nonNegativeLeastSquares([[1], [3]], [1, 3 * 2]), [1.9]);
});

test("nothing to go by gives 0, whatever is not a number", () => {
  expect(nonNegativeLeastSquares([], [])).toEqual([]);
  expect(nonNegativeLeastSquares([[0, 0]], [1])).toEqual([0, 0]);
  expect(nonNegativeLeastSquares([[1, Number.NaN]], [Number.NaN])).toEqual([0, 0]);
});

/** Few rows, small whole numbers: columns that depend on each other, and ties, are common. */
function aProblem() {
  return fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 })).chain(([height, width]) => {
    const number = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.integer({ min: -1e4, max: 1e4 }).map((whole) => whole / 1e3),
    );
    const row = fc.array(number, { minLength: width, maxLength: width });
    return fc.record({
      rows: fc.array(row, { minLength: height, maxLength: height }),
      values: fc.array(number, { minLength: height, maxLength: height }),
    });
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  for (const [at, value] of wanted.entries()) {
    expect(Math.abs((found[at] ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-9 * (Math.abs(value) || 1));
  }
}
