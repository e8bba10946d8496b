import { expect, test } from "vitest";
import { formatSelector, parseSelectors } from "./selector.ts";

test.each(["12", "12.3", "12.1-5", "3,5,7-9", "last", "all", "12.500000-600000"])("%s names jobs or runs", (text) => {
  expect(parseSelectors(text)?.map(formatSelector).join(",")).toBe(text);
});

test.each([
  "",
  "0",
  "12.0",
  "5-3",
  "12.",
  ".3",
  "a",
  "12.3.4",
  "1,,2",
  "-1",
  "12 3",
  "last,all ",
])("%j names none", (text) => {
  expect(parseSelectors(text)).toBeNull();
});
