import { expect, test } from "vitest";
import { describeHours, isWithin, parseHours } from "./hours.ts";

const at = (hours: number, minutes = 0) => hours * 60 + minutes;

function within(text: string, minute: number): boolean | null {
  const hours = parseHours(text);
  return hours && isWithin(hours, minute);
}

test.each([
  ["09:00-17:00", at(9), true],
  ["09:00-17:00", at(16, 59), true],
  ["09:00-17:00", at(17), false],
  ["09:00-17:00", at(8, 59), false],
  ["20:00-08:00", at(20), true],
  ["20:00-08:00", at(23, 59), true],
  ["20:00-08:00", at(0), true],
  ["20:00-08:00", at(7, 59), true],
  ["20:00-08:00", at(8), false],
  ["20:00-08:00", at(19, 59), false],
  ["20:00-00:00", at(23, 59), true],
  ["20:00-00:00", at(0), false],
  ["0:00-24:00", at(23, 59), true],
  ["8:30 - 9:00", at(8, 45), true],
])("%s, at minute %i of the day: %s", (text, minute, isInside) => {
  expect(within(text, minute)).toBe(isInside);
});

test.each([
  "",
  "20:00",
  "20-08",
  "24:00-08:00",
  "20:00-24:01",
  "08:60-09:00",
  "8:00-8:00",
  "20:00-08:00-09:00",
])("%j says no hours", (text) => {
  expect(parseHours(text)).toBeNull();
});

test("hours are told with both ends", () => {
  const hours = parseHours("20:00-8:05");
  expect(hours && describeHours(hours)).toBe("from 20:00 to 08:05");
});
