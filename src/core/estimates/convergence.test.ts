import fc from "fast-check";
import { expect, test } from "vitest";
import { openDice } from "../../../test/helpers/dice.ts";
import { epochsToConverge, fitLoss, type LossCurve, type LossPoint } from "./convergence.ts";

const CURVE = { a: 0.2, b: 0.5, c: 0.3 };
const CURVES = [CURVE, { a: 0.012, b: 0.1, c: 4 }, { a: 3, b: 0.4, c: 0 }, { a: 2e-6, b: 1e-4, c: 700 }];

test.each(CURVES)("the curve %j comes back from its points, were they only 3", (curve) => {
  for (const count of [3, 4, 20, 100]) {
    const found = fitLoss(lossesOf(curve, count));
    for (const name of ["a", "b", "c"] as const) {
      expect(Math.abs((found?.[name] ?? Number.NaN) - curve[name])).toBeLessThan(0.01 * (curve[name] || 0.01));
    }
  }
});

test.each(CURVES)("%j has converged where ten epochs lower it by less than 0.05 of its range", (curve) => {
  const range = lossAt(curve, 0) - curve.c;
  let epoch = 10;
  while (lossAt(curve, epoch - 10) - lossAt(curve, epoch) >= 0.05 * range) epoch += 1;
  expect(Math.ceil(epochsToConverge(lossesOf(curve, 25))?.epochs ?? 0)).toBe(epoch);
});

test.each([
  [10, 0.1],
  [20, 0.06],
  [100, 0.05],
])("losses of %i epochs that are off by 5 %% tell the end within %f on average, and the range is true", (count, most) => {
  const truth = epochsToConverge(lossesOf(CURVE, 25))?.epochs ?? 0;
  let errors = 0;
  let within = 0;
  for (let seed = 1; seed <= 50; seed += 1) {
    const { epochs, lowEpochs, highEpochs } = epochsToConverge(shaken(lossesOf(CURVE, count), seed)) ?? NEVER;
    errors += Math.abs(epochs / truth - 1) / 50;
    if (lowEpochs <= truth && truth <= highEpochs) within += 1;
    expect(lowEpochs).toBeLessThanOrEqual(epochs);
    expect(highEpochs).toBeGreaterThanOrEqual(epochs);
  }
  expect(errors).toBeLessThan(most);
  expect(within).toBeGreaterThanOrEqual(40);
});

test("the more points agree on the curve, the closer the range; three alone say little", () => {
  const widthAt = (count: number) => {
    const { lowEpochs, highEpochs } = epochsToConverge(shaken(lossesOf(CURVE, count), 7)) ?? NEVER;
    return highEpochs - lowEpochs;
  };
  expect(widthAt(40)).toBeLessThan(widthAt(8) / 2);
  const { epochs, highEpochs } = epochsToConverge(lossesOf(CURVE, 3)) ?? NEVER;
  expect(highEpochs).toBeGreaterThan(1.2 * epochs);
});

test("later points count more: a beginning of another kind is outweighed", () => {
  const points = lossesOf(CURVE, 60).map((point) => (point.epoch < 5 ? { ...point, loss: point.loss * 1.2 } : point));
  expect(Math.abs(lossAt(fitLoss(points) ?? CURVE, 59) / lossAt(CURVE, 59) - 1)).toBeLessThan(0.02);
});

test("single losses that leap, or are none, change nothing", () => {
  const points = lossesOf(CURVE, 30);
  const truth = epochsToConverge(points)?.epochs ?? 0;
  for (const loss of [1e6, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    const spoilt = points.map((point) => (point.epoch % 9 === 4 ? { ...point, loss } : point));
    expect(Math.abs((epochsToConverge(spoilt)?.epochs ?? 0) / truth - 1)).toBeLessThan(0.05);
  }
});

test("epochs in any order, and those that came again after a restart, count once", () => {
  const points = lossesOf(CURVE, 20);
  const again = [{ epoch: 7, loss: 99 }, ...points.toReversed()];
  expect(fitLoss(again)).toEqual(fitLoss(points));
});

test("there is no curve for fewer than 3 points, a loss that does not fall, or one below 0", () => {
  const points = lossesOf(CURVE, 20);
  expect(fitLoss([])).toBeNull();
  expect(fitLoss(points.slice(0, 2))).toBeNull();
  expect(fitLoss([...points.slice(0, 2), { epoch: 2, loss: Number.NaN }])).toBeNull();
  expect(fitLoss(points.map(({ epoch, loss }) => ({ epoch, loss: loss - 1 })))).toBeNull();
  for (const rising of [1, 0]) {
    const losses = points.map(({ epoch }) => ({ epoch, loss: 1 + rising * epoch }));
    expect(fitLoss(losses)).toBeNull();
    expect(epochsToConverge(losses)).toBeNull();
  }
});

test("whatever is reported, what is said is a number with its range, or nothing", () => {
  const point = fc.record({ epoch: fc.oneof(fc.nat(30), fc.double()), loss: fc.oneof(fc.nat(5), fc.double()) });
  fc.assert(
    fc.property(fc.array(point, { maxLength: 12 }), (points) => {
      const found = epochsToConverge(points);
      if (found === null) return;
      const { epochs, lowEpochs, highEpochs } = found;
      expect([epochs, lowEpochs, highEpochs].every(Number.isFinite)).toBe(true);
      expect(0 <= lowEpochs && lowEpochs <= epochs && epochs <= highEpochs).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

const NEVER = { epochs: Number.NaN, lowEpochs: Number.NaN, highEpochs: Number.NaN };

function lossAt({ a, b, c }: LossCurve, epoch: number): number {
  return 1 / (a * epoch + b) + c;
}

function lossesOf(curve: LossCurve, count: number): LossPoint[] {
  return Array.from({ length: count }, (_, epoch) => ({ epoch, loss: lossAt(curve, epoch) }));
}

function shaken(points: LossPoint[], seed: number): LossPoint[] {
  const dice = openDice(seed);
  return points.map(({ epoch, loss }) => ({ epoch, loss: loss * (1 + 0.05 * dice.normal()) }));
}
