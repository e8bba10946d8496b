import { expect, test } from "vitest";
import { isOutput, outputPattern } from "./output_patterns.ts";

test.each([
  ["model.bin", "model.bin", true],
  ["model.bin", "models/model.bin", false],
  ["models", "models/a/b.bin", true],
  ["models", "models2/b.bin", false],
  ["*.bin", "models/a/b.bin", true],
  ["log-?.txt", "log-1.txt", true],
  ["log-?.txt", "log-10.txt", false],
  ["log-[0-9].txt", "log-7.txt", true],
  ["log-[!0-9].txt", "log-7.txt", false],
  ["a+(b).txt", "a+(b).txt", true],
  ["a.b", "aXb", false],
  ["a\\*b", "a*b", true],
  ["a\\*b", "axb", false],
  ["ünï/*", "ünï/ö\n.txt", true],
])("%s takes %s: %s", (pattern, path, expected) => {
  expect(isOutput([pattern], path)).toBe(expected);
  expect(isOutput(["other", pattern], path)).toBe(expected);
});

test("without patterns everything is a result", () => {
  expect(isOutput([], "anything")).toBe(true);
});

test("a pattern stays within the work folder", () => {
  expect(outputPattern("./out//models/")).toBe("out/models");
  for (const text of ["/etc", "../up", "a/../../b", "", ".", "./", "x[z-a]"])
    expect(outputPattern(text), text).toBeNull();
});
