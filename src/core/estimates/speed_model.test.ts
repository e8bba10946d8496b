import { expect, test } from "vitest";
import { openDice } from "../../../test/helpers/dice.ts";
import { fitSpeed, type SpeedPoint, type Training } from "./speed_model.ts";

const ALL_REDUCE = [0.01, 0.1, 0.02];
const SYNCHRONOUS = [0.01, 0.1, 0.2, 0.05, 0.02];
const ASYNCHRONOUS = [0.5, 0.3, 0.05, 0.02];
const EXAMPLES = 128;

test.each([
  ["all_reduce", ALL_REDUCE, [1, 2, 4].map((workers) => ({ workers }))],
  ["all_reduce", ALL_REDUCE, [1, 2, 4, 8, 16, 32].map((workers) => ({ workers }))],
  ["synchronous_servers", SYNCHRONOUS, pairs([1, 2, 4], [1, 2]).slice(0, 5)],
  ["synchronous_servers", SYNCHRONOUS, pairs([1, 2, 4, 8], [1, 2, 4, 8])],
  ["asynchronous_servers", ASYNCHRONOUS, pairs([1, 2], [1, 2])],
  ["asynchronous_servers", ASYNCHRONOUS, pairs([1, 2, 4, 8], [1, 2, 4, 8])],
] as const)("θ of %s %j comes back from what it gives", (training, theta, counts) => {
  const found = fitSpeed(training, measured(training, theta, counts), EXAMPLES)?.theta;
  expect(worstError(found, theta)).toBeLessThan(1e-6);
});

test.each([
  ["all_reduce", ALL_REDUCE, [1, 2, 3, 4, 6, 8, 12, 16, 24, 32].map((workers) => ({ workers }))],
  ["synchronous_servers", SYNCHRONOUS, pairs([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])],
  ["asynchronous_servers", ASYNCHRONOUS, pairs([1, 2, 4, 8, 16], [1, 2, 4, 8, 16])],
] as const)("θ of %s %j comes back within a tenth from speeds that are off by 5 %%", (training, theta, counts) => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const dice = openDice(seed);
    const points = Array.from({ length: 200 }, () => measured(training, theta, counts)).flat();
    for (const point of points) point.stepsPerSecond *= 1 + 0.05 * dice.normal();
    const error = worstError(fitSpeed(training, points, EXAMPLES)?.theta, theta);
    expect(error).toBeLessThan(0.1);
  }
});

test("the worked example: seconds of a step with one server and worker, a server more, a worker more", () => {
  const model = fitSpeed(
    "synchronous_servers",
    measured("synchronous_servers", SYNCHRONOUS, pairs([3, 5, 7], [3, 4])),
    EXAMPLES,
  );
  expect(model?.stepsPerSecond(1, 1)).toBeCloseTo(0.606061, 6);
  expect(model?.stepsPerSecond(1, 2)).toBeCloseTo(0.636943, 6);
  expect(model?.stepsPerSecond(2, 1)).toBeCloseTo(0.793651, 6);
});

test("what was measured wins over the formula, the mean where it was measured more than once", () => {
  const points = [
    ...measured("all_reduce", ALL_REDUCE, [{ workers: 1 }, { workers: 2 }, { workers: 4 }]),
    { workers: 3, stepsPerSecond: 4 },
    { workers: 3, stepsPerSecond: 6 },
  ];
  expect(fitSpeed("all_reduce", points, EXAMPLES)?.stepsPerSecond(3)).toBe(5);
});

test("it takes as many different counts as there are θ; what is no speed is none", () => {
  const [one, two, four] = measured("all_reduce", ALL_REDUCE, [{ workers: 1 }, { workers: 2 }, { workers: 4 }]);
  if (!one || !two || !four) throw new Error("three were asked for");
  expect(fitSpeed("all_reduce", [one, two, two, one])).toBeNull();
  for (const stepsPerSecond of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(fitSpeed("all_reduce", [one, two, { workers: 4, stepsPerSecond }])).toBeNull();
  }
  expect(fitSpeed("all_reduce", [one, two, { ...four, workers: 0 }])).toBeNull();
  expect(fitSpeed("all_reduce", [one, two, four])).not.toBeNull();
  const withServers = measured("synchronous_servers", SYNCHRONOUS, pairs([1, 2, 4], [1, 2]));
  expect(fitSpeed("synchronous_servers", withServers.slice(0, 4))).toBeNull();
  const withNone = withServers.slice(0, 5).map((point, at) => (at === 0 ? { ...point, servers: 0 } : point));
  expect(fitSpeed("synchronous_servers", withNone)).toBeNull();
});

test("whatever M is said to be, the speeds are the same", () => {
  const points = measured("all_reduce", ALL_REDUCE, [{ workers: 1 }, { workers: 2 }, { workers: 4 }, { workers: 6 }]);
  const told = fitSpeed("all_reduce", points, EXAMPLES)?.stepsPerSecond(32) ?? 0;
  expect(fitSpeed("all_reduce", points)?.stepsPerSecond(32)).toBeCloseTo(told, 9);
  expect(told).toBeCloseTo(speedOf("all_reduce", ALL_REDUCE, 32, 0), 9);
});

/** As the formulas read. */
function speedOf(training: Training, theta: readonly number[], workers: number, servers: number): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = theta;
  if (training === "all_reduce") return 1 / ((a * EXAMPLES) / workers + b + c * workers);
  if (training === "asynchronous_servers") return workers / (a + (b * workers) / servers + c * workers + d * servers);
  return 1 / ((a * EXAMPLES) / workers + b + (c * workers) / servers + d * workers + e * servers);
}

function measured(
  training: Training,
  theta: readonly number[],
  counts: readonly { workers: number; servers?: number }[],
): SpeedPoint[] {
  return counts.map((count) => ({
    ...count,
    stepsPerSecond: speedOf(training, theta, count.workers, count.servers ?? 0),
  }));
}

function pairs(workers: number[], servers: number[]): { workers: number; servers: number }[] {
  return servers.flatMap((p) => workers.map((w) => ({ workers: w, servers: p })));
}

function worstError(found: readonly number[] | undefined, wanted: readonly number[]): number {
  return Math.max(...wanted.map((value, at) => Math.abs((found?.[at] ?? Number.NaN) - value) / value));
}
