import { expect, test } from "vitest";
import { parseArray } from "./sbatch_array.ts";

/** As Slurm 22.05.8 showed them: `scontrol show job`. */
test.each<[string, number[], number | null]>([
  ["0-3", [0, 1, 2, 3], null],
  ["1,3,5-7", [1, 3, 5, 6, 7], null],
  ["0-15:4", [0, 4, 8, 12], null],
  ["1-10:20", [1], null],
  ["3,1,2,1", [1, 2, 3], null],
  ["7", [7], null],
  ["01-03", [1, 2, 3], null],
  ["[0-1]", [0, 1], null],
  ["1, 3", [1, 3], null],
  ["0-2%2", [0, 1, 2], 2],
  ["1-3:2,10%2", [1, 3, 10], 2],
  ["0-1%0", [0, 1], null],
])("an array is numbers, each once, and how many at once: %s", (text, numbers, atMost) => {
  expect(parseArray(text)).toEqual({ numbers, atMost });
});

test.each([
  "",
  "a",
  "5-1",
  "1-",
  "-1",
  "1--3",
  "1-3:0",
  "1-5:2:2",
  "2:2",
  "%4",
  "1-3%",
  "1-3%2,5",
  "1,",
  "0x3",
  "*",
])("what is no array is refused: %j", (text) => {
  expect(parseArray(text)).toMatchObject({ misread: expect.stringContaining("It takes numbers and ranges") });
});

test("an array of more than a million tasks is refused before it is counted out", () => {
  expect(parseArray("0-9999999")).toEqual({ misread: "It has more than a million tasks." });
  expect(parseArray("0-999999")).toMatchObject({ atMost: null });
});
