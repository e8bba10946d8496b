import { expect, test } from "vitest";
import { openUsage } from "./usage.ts";

const DAY_MS = 86_400_000;

test("GPU hours of a user count for thirty days", () => {
  const usage = openUsage();
  usage.add("ada", 7200, 100 * DAY_MS);
  usage.add("ada", 3600, 110 * DAY_MS);
  usage.add("bob", 1800, 110 * DAY_MS);
  expect(usage.of("ada", 110 * DAY_MS)).toBe(3);
  expect(usage.of("bob", 110 * DAY_MS)).toBe(0.5);
  expect(usage.of("ada", 130 * DAY_MS)).toBe(1);
  expect(usage.of("ada", 141 * DAY_MS)).toBe(0);
  expect(usage.of("cleo", 0)).toBe(0);
});
