import { expect, test } from "vitest";
import { parseCommandLines } from "../core/command_lines.ts";
import { commandFromWords, splitAtDashes } from "./command_words.ts";

test("words after -- are the command exactly, whatever they look like", () => {
  const { own, exact } = splitAtDashes(["--gpus", "2", "--", "echo", "hello  world", "--", "--gpus"]);
  expect(own).toEqual(["--gpus", "2"]);
  expect(commandFromWords([], exact)).toEqual({ kind: "argv", argv: ["echo", "hello  world", "--", "--gpus"] });
});

test("one word without -- is a text for the shell, several are a program with its arguments", () => {
  expect(commandFromWords(["a && b | c"], null)).toEqual({ kind: "shell", text: "a && b | c" });
  expect(commandFromWords(["python", "train.py", "--lr", "1"], null)).toEqual({
    kind: "argv",
    argv: ["python", "train.py", "--lr", "1"],
  });
});

test("dashes that come after the program are the program's own", () => {
  expect(commandFromWords(["make"], ["-j"])).toEqual({ kind: "argv", argv: ["make", "--", "-j"] });
});

test("a text for the shell that is followed by more words is not guessed at", () => {
  expect(commandFromWords(["a && b", "--follow"], null)).toEqual({ unclear: "a && b" });
  expect(commandFromWords(["a && b"], ["--follow"])).toEqual({ unclear: "a && b" });
});

test("without any word there is no command", () => {
  expect(commandFromWords([], null)).toBeNull();
  expect(commandFromWords([], [])).toBeNull();
});

test("empty lines and comments are no commands, but count", () => {
  expect(parseCommandLines("one\n\n  # two\r\n  three 'x'\r\n")).toEqual([
    [1, "one"],
    [4, "  three 'x'"],
  ]);
});
