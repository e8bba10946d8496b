import { expect, test } from "vitest";
import { linearTicks, logarithmicTicks, timeIn, unitFor } from "./ticks.ts";

const labels = (ticks: { label: string }[]) => ticks.map(({ label }) => label).join(" | ");

test.each([
  [1, "0 | 1 s"],
  [45, "0 | 10 s | 20 s | 30 s | 40 s"],
  [3335, "0 | 10 min | 20 min | 30 min | 40 min | 50 min"],
  [86_400, "0 | 5 h | 10 h | 15 h | 20 h"],
  [8_171_961, "0 | 20 d | 40 d | 60 d | 80 d"],
  [1e9, "0 | 2,000 d | 4,000 d | 6,000 d | 8,000 d | 10,000 d"],
])("an axis of %d s is marked in one unit", (seconds, expected) => {
  expect(labels(linearTicks(seconds, 8))).toBe(expected);
});

test.each([
  [1, 5e6, "1 s | 10 s | 1 min | 10 min | 1 h | 5 h | 1 d | 10 d | 50 d"],
  [100, 2000, "2 min | 3 min | 5 min | 10 min | 20 min | 30 min"],
])("a logarithmic axis from %d to %d s is marked with round times, none too near to another", (from, to, expected) => {
  expect(labels(logarithmicTicks(from, to, 0.1))).toBe(expected);
});

test.each([
  [0, "0.00 s"],
  [119, "119 s"],
  [120, "2.00 min"],
  [991_167, "11.5 d"],
  [1e9, "11,574 d"],
])("%d s have three digits", (seconds, expected) => {
  expect(timeIn(unitFor(seconds), seconds)).toBe(expected);
});
