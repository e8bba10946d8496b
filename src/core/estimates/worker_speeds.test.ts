import { expect, test } from "vitest";
import { openWorkerSpeeds } from "./worker_speeds.ts";

test("as long as nothing was measured, more workers are faster, each by less than the one before", () => {
  const speeds = openWorkerSpeeds();
  const by = [1, 2, 3, 4, 5].map((workers) => speeds.of(1, workers));
  const gains = by.slice(1).map((speed, at) => speed - (by[at] ?? 0));
  expect(by[0]).toBe(1);
  expect(gains.every((gain, at) => gain > 0 && gain < (gains[at - 1] ?? 1))).toBe(true);
});

test("what was measured counts, and others are told from the nearest of it", () => {
  const speeds = openWorkerSpeeds();
  const before = speeds.of(1, 4) / speeds.of(1, 2);
  speeds.observe(1, 2, 30, 10);
  speeds.observe(1, 2, 50, 10);
  expect(speeds.of(1, 2)).toBe(4);
  expect(speeds.of(1, 4)).toBeCloseTo(4 * before, 9);
  speeds.observe(1, 4, 45, 10);
  expect(speeds.of(1, 4)).toBe(4.5);
  expect(speeds.of(2, 1)).toBe(1);
});

test("three counts make a model, by which more may be slower", () => {
  const speeds = openWorkerSpeeds();
  // 1/f = 0.8/w + 0.1 + 0.1·w
  for (const workers of [1, 2, 4]) speeds.observe(1, workers, 1, 0.8 / workers + 0.1 + 0.1 * workers);
  expect(speeds.of(1, 8)).toBeCloseTo(1, 6);
  expect(speeds.of(1, 3)).toBeGreaterThan(speeds.of(1, 8));
});

test("what is no progress is passed over, and jobs that are gone are forgotten", () => {
  const speeds = openWorkerSpeeds();
  speeds.observe(1, 1, 0, 10);
  speeds.observe(1, 1, 10, 0);
  speeds.observe(2, 1, 5, 1);
  expect([speeds.of(1, 1), speeds.of(2, 1)]).toEqual([1, 5]);
  speeds.keepOnly(new Set([1]));
  expect(speeds.of(2, 1)).toBe(1);
});
