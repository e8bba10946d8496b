import fc from "fast-check";
import { expect, test } from "vitest";
import { isTextMistaken, type JobText, parseJobText } from "./job_text.ts";

function read(text: string): JobText {
  const parsed = parseJobText(text);
  if (isTextMistaken(parsed)) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed;
}

function mistakesIn(text: string): string[] {
  const parsed = parseJobText(text);
  return isTextMistaken(parsed) ? parsed.mistakes.map((one) => `${one.line}:${one.column} ${one.message}`) : [];
}

test("a command a line is one job with a run for each; empty lines and comments count, but are none", () => {
  expect(read("# warm up\npython3 a.py\n\n  echo 'a  b' && true\r\n")).toEqual({
    kind: "lines",
    lines: [
      [2, "python3 a.py"],
      [4, "  echo 'a  b' && true"],
    ],
  });
});

test("jobs as GPUPeasy's page takes them: name, output file and command, over several lines or in one", () => {
  const text = `
NAME00;;
/tmp/out00;;
python3 -u train.py
  --lr 0.1;;;

NAME01;; out01 ;; echo "hello  world" && echo done;;;
`;
  expect(read(text)).toEqual({
    kind: "jobs",
    jobs: [
      { name: "NAME00", out: "/tmp/out00", command: "python3 -u train.py --lr 0.1", line: 2 },
      { name: "NAME01", out: "out01", command: 'echo "hello  world" && echo done', line: 7 },
    ],
  });
});

test("the last job needs no end, nor does the only one", () => {
  expect(read("a;;b;;c;;;d;;e;;f")).toMatchObject({ jobs: [{ name: "a" }, { name: "d", out: "e", command: "f" }] });
  expect(read("a;;b;;c")).toMatchObject({ kind: "jobs", jobs: [{ name: "a", out: "b", command: "c", line: 1 }] });
});

test("a case of the shell is a command, not three parts", () => {
  const line = 'case "$HOST" in a) echo 1;; b) echo 2;; esac';
  expect(read(line)).toEqual({ kind: "lines", lines: [[1, line]] });
});

test("a command over several lines is one: breaks within quotes stay, a backslash before one does not", () => {
  const text = "a;;b;;python3 x.py \\\r\n  --note 'two\nlines' \\\n--fast;;;";
  expect(read(text)).toMatchObject({ jobs: [{ command: "python3 x.py --note 'two\nlines' --fast" }] });
});

test("every mistake is told, with its line and column", () => {
  expect(mistakesIn("a;;b;;true;;;\n\nx;;true;;;\n  y;; b ;;\n echo 'open;;;\nz;;c;;d;;e;;;")).toEqual([
    "3:1 A job is a name, an output file and a command, with ;; between them and ;;; behind them. This one has 2 parts.",
    "4:7 The job in line 1 has the output file b, too. Give each its own.",
    "5:2 A quote or bracket is opened here and not closed.",
    "6:1 A job is a name, an output file and a command, with ;; between them and ;;; behind them. This one has 4 parts.",
  ]);
  expect(mistakesIn("true\n  python3 a.py \\\n  --lr 1\necho 'x\n")).toEqual([
    "2:3 This line goes on in the next one, and each line is a command by itself. Write it in one line.",
    "4:1 A quote or bracket is opened here and not closed.",
  ]);
  expect(mistakesIn("")).toEqual(["1:1 There is no command yet. Write one a line."]);
  expect(mistakesIn(" ;;;\n;;; ")).toEqual(["1:1 There is no job yet."]);
  expect(mistakesIn("a;;b;;c;;; ;; ;;;")).toEqual([expect.stringMatching(/^1:12 A job is .* has none of them\.$/)]);
});

test("jobs that are written down are read as they were", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9/._-]{1,12}$/);
  const command = fc.array(fc.oneof(word, fc.constantFrom("'a  b'", '"$HOME"', "&&", "|")), { minLength: 1 });
  const job = fc.record({ name: word, out: word, command: command.map((words) => words.join(" ")) });
  const jobs = fc.uniqueArray(job, { minLength: 1, maxLength: 6, selector: ({ out }) => out });
  const gap = fc.constantFrom("", "\n", " \n\n ", "\r\n");
  fc.assert(
    fc.property(jobs, gap, (all, between) => {
      const text = all.map(({ name, out, command }) => [name, out, command].join(`;;${between}`)).join(`;;;${between}`);
      expect(read(text)).toMatchObject({ kind: "jobs", jobs: all });
    }),
  );
});
