import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Command } from "../../core/command.ts";
import { parameterValue } from "../../core/parameter_value.ts";
import { compileWork, type Work } from "../../core/work.ts";
import { workAfterEnv } from "./work_after_env.ts";

/** The command with one value of each parameter. */
function work(command: Command, values: Record<string, string> = {}): Work {
  const axes = Object.entries(values).map(([name, value]) => ({
    name,
    values: { kind: "list" as const, values: [parameterValue(value)] },
  }));
  return { kind: "command", command, spaces: [{ axes, zip: [], exclude: [], sample: null, repeat: 1 }] };
}

/** What the first run of it prints. */
function printed(env: string, given: Work): string {
  const compiled = compileWork(workAfterEnv(env, given));
  if (!("total" in compiled)) throw new Error("the space is fine");
  const { command } = compiled.run(1);
  if (command.kind !== "shell") throw new Error("it goes to the shell");
  return execFileSync("sh", ["-c", command.text], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

const show = (...words: string[]): Command => ({ kind: "argv", argv: ["printf", "<%s>", ...words] });

test("the command sees what was set before it, and gets its arguments to the byte", () => {
  expect(printed("A=1; export A", work({ kind: "argv", argv: ["sh", "-c", "echo $A"] }))).toBe("1\n");
  expect(printed(":", work(show("a b", "it's", "$HOME", "*", "one\ntwo")))).toBe("<a b><it's><$HOME><*><one\ntwo>");
});

test("parameters stand in their places, or behind the command", () => {
  const values = { lr: "0.10", text: 'it\'s "$HOME"\n\\x' };
  expect(printed(":", work(show("--rate={lr}", "{text}"), values))).toBe(`<--rate=0.10><${values.text}>`);
  expect(printed(":", work(show("-v"), values))).toBe(`<-v><--lr=0.10><--text=${values.text}>`);
  expect(printed(":", work({ kind: "shell", text: "printf '<%s>' {lr} # last" }, values))).toBe(
    `<0.10><--text=${values.text}>`,
  );
});

test("a program is not taken for a word of the shell's own", () => {
  expect(printed(":", work({ kind: "argv", argv: ["echo", "a\\nb"] }))).toBe("a\\nb\n");
  expect(() => printed(":", work({ kind: "argv", argv: ["exit", "0"] }))).toThrow();
});

test("lines of a file get it too, each for itself", () => {
  const lines: Work = { kind: "lines", lines: [[3, "echo $A"]] };
  expect(printed("A=1", lines)).toBe("1\n");
  expect(workAfterEnv("", lines)).toBe(lines);
});

test("a parameter that would be put into it as well is refused", () => {
  expect(() => workAfterEnv("echo {lr}", work(show("x"), { lr: "1" }))).toThrow(
    "{lr} stands in what runs before the command, and is a parameter as well.",
  );
  expect(printed("printf {lr}", work(show("x"), { rate: "1" }))).toBe("{lr}<x><--rate=1>");
});
