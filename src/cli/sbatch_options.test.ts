import { expect, test } from "vitest";
import { readSbatchOptions, sbatchWords } from "./sbatch_options.ts";

/** As sbatch 22.05.8 read these lines: `sbatch -vv --test-only`. */
test.each<[string, string[]]>([
  [" --job-name=a -p gpu", ["--job-name=a", "-p", "gpu"]],
  ["--job-name=a", ["--job-name=a"]],
  ['\t-J "a b" ', ["-J", "a b"]],
  ["--job-name a'b c'd", ["--job-name", "ab cd"]],
  [' --comment="a\\"b" -N1', ['--comment=a"b', "-N1"]],
  [" --comment='a\\'b'", ["--comment=a'b"]],
  [" --comment='a\"b'", ['--comment=a"b']],
  [' --comment="a\\b\\\\c"', ["--comment=ab\\c"]],
  [" --comment=a\\#b", ["--comment=a#b"]],
  [' --comment="x#y" # why', ["--comment=x#y"]],
  [" --hold#why", ["--hold"]],
  [" --comment=a\\ b", ["--comment=a", "b"]],
  [" --comment=a\\", ["--comment=a"]],
  [' --comment=""', ["--comment="]],
  ["", []],
])("a line is cut into words as sbatch does it: %j", (text, words) => {
  expect(sbatchWords(text)).toEqual(words);
});

test("an open quote is told", () => {
  expect(sbatchWords(' --comment="a')).toEqual({ misread: 'A " has no second one.' });
});

function options(text: string) {
  const words = sbatchWords(text);
  if (!Array.isArray(words)) throw new Error(words.misread);
  const read = readSbatchOptions(
    words.map((word) => ({ text: word, line: 7 })),
    (line, message) => new Error(`${line}: ${message}`),
  );
  return read.map(({ name, value }) => [name, value]);
}

test.each<[string, [string, string | null][]]>([
  [
    "--time=1:00:00 --mem 8G",
    [
      ["time", "1:00:00"],
      ["mem", "8G"],
    ],
  ],
  [
    "-p gpu -n4 -N 2",
    [
      ["partition", "gpu"],
      ["ntasks", "4"],
      ["nodes", "2"],
    ],
  ],
  [
    "-HQn2",
    [
      ["hold", null],
      ["quiet", null],
      ["ntasks", "2"],
    ],
  ],
  ["-J=x", [["job-name", "=x"]]],
  [
    "-s -J q",
    [
      ["oversubscribe", null],
      ["job-name", "q"],
    ],
  ],
  [
    "-k -J q",
    [
      ["no-kill", null],
      ["job-name", "q"],
    ],
  ],
  ["-kno", [["no-kill", "no"]]],
  [
    "--exclusive -J q --exclusive=user",
    [
      ["exclusive", null],
      ["job-name", "q"],
      ["exclusive", "user"],
    ],
  ],
  [
    "--job-n=zz --part gpu",
    [
      ["job-name", "zz"],
      ["partition", "gpu"],
    ],
  ],
  ["--mail=x", [["mail", "x"]]],
  ["--job-name --time=1", [["job-name", "--time=1"]]],
  [
    "--tres-per-task=cpu:1 --segment 4 --stepmgr -J q",
    [
      ["tres-per-task", "cpu:1"],
      ["segment", "4"],
      ["stepmgr", null],
      ["job-name", "q"],
    ],
  ],
])("options have their long names and their values: %s", (text, read) => {
  expect(options(text)).toEqual(read);
});

test.each([
  ["stray", '7: "stray" is no option of sbatch.'],
  ["--nice 5", '7: "5" is no option of sbatch.'],
  ["-N1 : -N2", '7: ":" is no option of sbatch.'],
  ["-- -N1", '7: "--" is no option of sbatch.'],
  ["-y", "7: sbatch has no option -y."],
  ["--hold=1", "7: --hold takes no value."],
  ["--time", "7: --time needs a value."],
  ["-n", "7: --ntasks needs a value."],
  ["hetjob", "7: Jobs of several parts (hetjob) are not supported."],
])("what sbatch does not take is refused with its line: %s", (text, message) => {
  expect(() => options(text)).toThrow(message);
});
