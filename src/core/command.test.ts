import { expect, test } from "vitest";
import { type Command, renderCommand } from "./command.ts";
import { commandLine } from "./command_line.ts";
import { parameterValue } from "./parameter_value.ts";
import { shellQuote } from "./shell_quote.ts";

function rendered(command: Command, values: Record<string, string>): Command {
  return renderCommand(
    command,
    Object.entries(values).map(([name, text]) => [name, parameterValue(text)]),
  );
}

function argv(...words: string[]): Command {
  return { kind: "argv", argv: words };
}

function shell(text: string): Command {
  return { kind: "shell", text };
}

test("a value stands where its name stood, the others are appended in order", () => {
  expect(rendered(argv("train", "--out={name}/{lr}", "x"), { seed: "1", lr: "0.10", name: "a b" })).toEqual(
    argv("train", "--out=a b/0.10", "x", "--seed=1"),
  );
  expect(rendered(argv("train"), { lr: "0.10", opt: "" })).toEqual(argv("train", "--lr=0.10", "--opt="));
  expect(rendered(argv("train"), {})).toEqual(argv("train"));
});

test("braces that hold no parameter stay, as do variables of the shell", () => {
  expect(rendered(argv("awk", "{print}", "${lr}", "{}", "{lr}"), { lr: "1" })).toEqual(
    argv("awk", "{print}", "${lr}", "{}", "1"),
  );
  expect(rendered(shell("echo ${lr} {a,b}"), { lr: "1" })).toEqual(shell("echo ${lr} {a,b} --lr=1"));
});

test("a value that looks like a place for another parameter is not one", () => {
  expect(rendered(argv("{a}", "{b}"), { a: "{b}", b: "$&" })).toEqual(argv("{b}", "$&"));
  expect(rendered(shell("run {a} {b}"), { a: "{b}", b: "$&" })).toEqual(shell("run '{b}' '$&'"));
});

test("in a shell text a value is quoted as its place needs it", () => {
  const hostile = "it's $HOME";
  expect(rendered(shell("a {x} b"), { x: hostile })).toEqual(shell("a 'it'\\''s $HOME' b"));
  expect(rendered(shell('a "{x}" b'), { x: hostile })).toEqual(shell('a "it\'s \\$HOME" b'));
  expect(rendered(shell("a '{x}' b"), { x: hostile })).toEqual(shell("a 'it'\\''s $HOME' b"));
  expect(rendered(shell("a && b | c  \n"), { x: hostile })).toEqual(shell("a && b | c '--x=it'\\''s $HOME'"));
  expect(rendered(shell("a # it's"), { x: "1" })).toEqual(shell("a --x=1"));
});

test("only words that need it are quoted", () => {
  expect(["a", "--lr=0.1", "a/b.c", "", "a b", "it's", "$x", "=x", "~", "a~b", "ä"].map(shellQuote)).toEqual([
    "a",
    "--lr=0.1",
    "a/b.c",
    "''",
    "'a b'",
    "'it'\\''s'",
    "'$x'",
    "'=x'",
    "'~'",
    "'a~b'",
    "'ä'",
  ]);
});

test("a command is one line, as plain as it can be", () => {
  expect(commandLine(argv("python3", "train.py", "--lr=0.1", "a b"))).toBe("python3 train.py --lr=0.1 'a b'");
  expect(commandLine(shell("a && b | c"))).toBe("a && b | c");
  expect(commandLine(shell("cd x && a"))).toBe("sh -c 'cd x && a'");
  expect(commandLine(argv("echo", "a\nb"))).toBe(`eval "$(printf %b 'echo '\\''a\\nb'\\''')"`);
  expect(commandLine(shell("a\nb"))).toBe(`sh -c "$(printf %b 'a\\nb')"`);
  expect(commandLine(argv("exit", "3"))).toBe("env exit 3");
});
