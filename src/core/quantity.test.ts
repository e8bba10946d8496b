import { expect, test } from "vitest";
import { formatBytes, formatDuration, parseDurationMs, parseSizeBytes } from "./quantity.ts";

test.each([
  ["90s", 90_000],
  ["15m", 900_000],
  ["2h30m", 9_000_000],
  ["3d", 259_200_000],
  ["1.5h", 5_400_000],
  ["01:30:05", 5_405_000],
])("the duration %s is understood", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each(["", "90", "1h30", "-5m", "5 m", "1:2:3", "0s", "5x", "1h-2m"])("%j is no duration", (text) => {
  expect(parseDurationMs(text)).toBeNull();
});

test.each([
  ["800M", 800 * 1024 ** 2],
  ["24G", 24 * 1024 ** 3],
  ["24GB", 24 * 1024 ** 3],
  ["1.5T", 1.5 * 1024 ** 4],
  ["4096", 4096],
])("the size %s is understood", (text, bytes) => {
  expect(parseSizeBytes(text)).toBe(bytes);
});

test.each(["", "G", "-1G", "1 G", "1X", "0"])("%j is no size", (text) => {
  expect(parseSizeBytes(text)).toBeNull();
});

test("durations and sizes are shown with two units at most", () => {
  expect([850, 42_000, 185_000, 9_000_000, 270_000_000].map(formatDuration)).toEqual([
    "850ms",
    "42s",
    "3m05s",
    "2h30m",
    "3d3h",
  ]);
  expect([512, 3 * 1024 ** 2, 47 * 1024 ** 3].map(formatBytes)).toEqual(["512 B", "3.0 MB", "47 GB"]);
});
