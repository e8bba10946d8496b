import fc from "fast-check";
import { expect, test } from "vitest";
import { atOnce } from "../../../test/helpers/at_once.ts";
import { openDice } from "../../../test/helpers/dice.ts";
import { type Cell, type Column, emptyColumn, setCell } from "./column.ts";
import { importanceOf } from "./importance.ts";

function columnOf(cells: readonly Cell[]): Column {
  const column = emptyColumn();
  for (const [row, cell] of cells.entries()) setCell(column, cells.length, row, cell);
  return column;
}

function importance(parameter: readonly Cell[], result: readonly Cell[]) {
  const all = Uint32Array.from(parameter, (_, at) => at);
  return atOnce(importanceOf(columnOf(parameter), columnOf(result), all));
}

const seed = fc.integer();
const many = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

test("the only parameter that matters has nearly all of it, whatever the shape and the scale", () => {
  fc.assert(
    fc.property(
      seed,
      fc.constantFrom(Math.exp, Math.cbrt, (x: number) => x * x, Math.log1p),
      (seed, shape) => {
        const dice = openDice(seed);
        const xs = many(400, () => dice.even() * 10);
        const { share, direction } = importance(xs, xs.map(shape));
        expect(share).toBeGreaterThan(0.97);
        expect(direction).toBeCloseTo(1);
      },
    ),
    { numRuns: 40 },
  );
});

test("a parameter that does nothing has about nothing, also with many values and few runs", () => {
  for (const values of [2, 5, 20, 40]) {
    const dice = openDice(values);
    // One alone may look like something by chance; on average none does.
    const shares = many(200, () => {
      const [parameter, result] = [many(60, () => `v${dice.whole(1, values)}`), many(60, () => dice.normal())];
      return importance(parameter, result).share ?? 0;
    });
    expect(shares.reduce((sum, share) => sum + share, 0) / shares.length, `${values} values`).toBeLessThan(0.1);
  }
});

test("of two parameters the one with the larger effect is said to be the more important", () => {
  fc.assert(
    fc.property(seed, (seed) => {
      const dice = openDice(seed);
      const [xs, ys] = [many(300, () => dice.whole(0, 4)), many(300, () => dice.whole(0, 4))];
      const result = xs.map((x, at) => 3 * x - (ys[at] ?? 0) + dice.normal() / 2);
      const [x, y] = [importance(xs, result), importance(ys, result)];
      expect(x.share ?? 0).toBeGreaterThan(y.share ?? 0);
      expect(y.share).toBeGreaterThan(0);
      expect([Math.sign(x.direction ?? 0), Math.sign(y.direction ?? 0)]).toEqual([1, -1]);
    }),
    { numRuns: 40 },
  );
});

test("a run that went astray changes little", () => {
  const dice = openDice(1);
  const xs = many(200, () => dice.even());
  const result = xs.map((x, at) => (at === 0 ? 1e30 : x));
  expect(importance(xs, result).share).toBeGreaterThan(0.9);
});

test("categories that are no numbers have no direction, and what is not told counts for nothing", () => {
  const dice = openDice(2);
  const parameter = many(100, () => (dice.even() < 0.5 ? "adam" : "sgd"));
  const result = parameter.map((name): Cell => (name === "adam" ? 1 : 0) + dice.even() / 10);
  expect(importance(parameter, result)).toMatchObject({ direction: null, runs: 100 });
  expect(importance(parameter, result).share).toBeGreaterThan(0.7);
  const told = result.map((value, at): Cell => (at < 50 ? value : at % 2 ? "NaN" : null));
  expect(importance(parameter, told).runs).toBe(50);
});

test("with too few runs, or one value each, nothing is said", () => {
  expect(importance([1, 2, 3], [1, 2, 3])).toEqual({ share: null, direction: null, runs: 3 });
  expect(importance(["a", "b", "c", "d"], [1, 2, 3, 4]).share).toBeNull();
  expect(importance([1, 1, 1, 1], [1, 2, 3, 4])).toEqual({ share: 0, direction: null, runs: 4 });
  expect(importance([1, 2, 3, 4], [7, 7, 7, 7])).toMatchObject({ share: 0, direction: null });
});
