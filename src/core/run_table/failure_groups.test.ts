import fc from "fast-check";
import { expect, test } from "vitest";
import { atOnce } from "../../../test/helpers/at_once.ts";
import { csvLine, harmless } from "../csv.ts";
import { type FailedRun, groupFailures } from "./failure_groups.ts";
import { likeness, plainLine } from "./likeness.ts";
import { parseNumbers, selectorsOf } from "./spans.ts";

test.each([
  ['File "/tmp/a/train.py", line 12', 'File "/home/b/c/train.py", line 407'],
  ["Tensor at 0x7f3a00 has size 12", "Tensor at 0xbeef has size 9.5e3"],
  ["no run 6f1e2d3c-0000-4000-8000-000000000001", "no run aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"],
  ["KeyError: 'lr_17'", "KeyError: 'lr_4'"],
])("%s and %s are alike", (a, b) => {
  expect(likeness(a)).toBe(likeness(b));
});

test("messages that differ in their words are not alike", () => {
  expect(likeness("KeyError: 'lr'")).not.toBe(likeness("ValueError: 'lr'"));
  expect(likeness('File "/a/train.py"')).not.toBe(likeness('File "/a/test.py"'));
});

test("a line for people has nothing in it that acts on a terminal, and an end", () => {
  expect(plainLine("\x1b[31mboom\x1b[0m\tnow\r\n")).toBe("boom now");
  expect(plainLine("x".repeat(10_000)).length).toBe(300);
});

const failed: fc.Arbitrary<FailedRun[]> = fc
  .array(
    fc.record({
      cause: fc.constantFrom(
        { code: "exit_code" as const, exitCode: 1 },
        { code: "exit_code" as const, exitCode: 2 },
        { code: "out_of_gpu_memory" as const },
        { code: "lost" as const, detail: "machine 7 is gone" },
        { code: "lost" as const, detail: "machine 8 is gone" },
      ),
      endedAt: fc.option(fc.integer({ min: 1, max: 1000 })),
      says: fc.option(fc.constantFrom("boom 1", "boom 2", "bang")),
    }),
  )
  .map((runs) => runs.map((run, at) => ({ ...run, n: at + 1 })));

test("each failed run stands in one group, of runs that failed alike", () => {
  fc.assert(
    fc.property(failed, (runs) => {
      const groups = atOnce(groupFailures(runs));
      expect(groups.flatMap((group) => group.runs).sort((a, b) => a - b)).toEqual(runs.map(({ n }) => n));
      for (const { cause, runs: numbers, firstAt, lastAt } of groups) {
        const members = runs.filter(({ n }) => numbers.includes(n));
        expect(new Set(members.map((run) => run.cause.code))).toEqual(new Set([cause.code]));
        expect(new Set(members.map(({ says }) => says?.split(" ")[0] ?? null)).size).toBe(1);
        const ends = members.flatMap(({ endedAt }) => endedAt ?? []);
        expect([firstAt, lastAt]).toEqual(ends.length ? [Math.min(...ends), Math.max(...ends)] : [null, null]);
      }
      const keys = groups.map(
        ({ cause, says }) => `${cause.code} ${"exitCode" in cause ? cause.exitCode : ""} ${says?.split(" ")[0]}`,
      );
      expect(new Set(keys).size).toBe(keys.length);
    }),
  );
});

test("selectors name exactly the runs they were made of", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 3000 }), { maxLength: 2000 }), (numbers) => {
      numbers.sort((a, b) => a - b);
      const named = selectorsOf(12, numbers).map((selector) => selector.replaceAll("12.", ""));
      expect(named.flatMap((text) => parseNumbers(text, 10_000))).toEqual(numbers);
      for (const selector of named) expect(selector.split(",").length).toBeLessThanOrEqual(500);
    }),
  );
});

test("numbers of runs are read strictly, and not more than asked for", () => {
  expect(parseNumbers("5,1-3,2", 10)).toEqual([1, 2, 3, 5]);
  expect(parseNumbers("1-999999999", 3)).toEqual([1, 2, 3]);
  for (const wrong of ["", "0", "3-1", "a", "1;2", "1-", "-1"]) expect(parseNumbers(wrong, 10)).toBeNull();
});

test("what a spreadsheet would execute is a text in it", () => {
  expect(["=1+1", "+x", "-x", "@cmd", "\tx"].map(harmless)).toEqual(["'=1+1", "'+x", "'-x", "'@cmd", "'\tx"]);
  expect(harmless("a=b")).toBe("a=b");
  expect(csvLine([1, -0.5, null, 'say "hi", now', "a\nb"])).toBe('1,-0.5,,"say ""hi"", now","a\nb"');
});
