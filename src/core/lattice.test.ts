import fc from "fast-check";
import { expect, test } from "vitest";
import { type IndexSet, indexSetOf } from "./index_set.ts";
import { type Box, latticeWithout } from "./lattice.ts";

const lattices = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }).chain((sizes) =>
  fc.record({
    sizes: fc.constant(sizes),
    boxes: fc.array(
      fc.tuple(
        ...sizes.map((size) =>
          fc.option(fc.array(fc.integer({ min: 0, max: size - 1 }), { minLength: 1, maxLength: size }), {
            nil: undefined,
          }),
        ),
      ),
      { maxLength: 5 },
    ),
  }),
);

function pointsWithout(sizes: readonly number[], boxes: readonly (readonly (number[] | undefined)[])[]): number[][] {
  let points: number[][] = [[]];
  for (const size of sizes) points = points.flatMap((point) => Array.from({ length: size }, (_, i) => [...point, i]));
  return points.filter(
    (point) => !boxes.some((box) => point.every((index, g) => box[g] === undefined || box[g].includes(index))),
  );
}

test("the points outside of some boxes are counted, numbered and found as if they were listed", () => {
  fc.assert(
    fc.property(lattices, ({ sizes, boxes }) => {
      const expected = pointsWithout(sizes, boxes);
      const sets = boxes.map((box): Box => box.map((indexes): IndexSet | undefined => indexes && indexSetOf(indexes)));
      const lattice = latticeWithout(sizes, sets);
      expect(lattice?.count).toBe(expected.length);
      const point = new Float64Array(sizes.length);
      for (const [k, indexes] of expected.entries()) {
        lattice?.unrank(k, point);
        expect([...point]).toEqual(indexes);
        expect(lattice?.rank(point)).toBe(k);
      }
      for (const outside of pointsWithout(sizes, [])) {
        const k = expected.findIndex((indexes) => indexes.join() === outside.join());
        expect(lattice?.rank(Float64Array.from(outside))).toBe(k);
      }
    }),
    { numRuns: 300 },
  );
});

test("a lattice of 2^53 points is numbered exactly", () => {
  const lattice = latticeWithout([2 ** 27, 2 ** 26 - 1], [[indexSetOf([5]), indexSetOf([7])]]);
  const last = 2 ** 27 * (2 ** 26 - 1) - 2;
  const point = new Float64Array(2);
  lattice?.unrank(last, point);
  expect([...point]).toEqual([2 ** 27 - 1, 2 ** 26 - 2]);
  expect(lattice?.rank(point)).toBe(last);
  expect(lattice?.rank(Float64Array.of(5, 7))).toBe(-1);
});

test("boxes that overlap in endlessly many ways are refused instead of counted for ever", () => {
  const [sizes, boxes]: [number[], Box[]] = [new Array(50).fill(2), []];
  for (let i = 0; i < 25; i += 1) {
    boxes.push(sizes.map((_, g) => (g === i || g === 49 - i ? indexSetOf([1]) : undefined)));
  }
  expect(latticeWithout(sizes, boxes)).toBeNull();
});
