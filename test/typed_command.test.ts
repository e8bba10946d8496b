import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { renderCommand } from "../src/core/command.ts";
import { parameterValue } from "../src/core/parameter_value.ts";
import { textOfCommand, typedCommand } from "../src/core/typed_command.ts";

test("a program with its arguments needs no shell, a text with anything of the shell's does", () => {
  expect(typedCommand("  python3 train.py  --lr=0.1 {seed} ")).toEqual({
    kind: "argv",
    argv: ["python3", "train.py", "--lr=0.1", "{seed}"],
  });
  for (const text of [
    "a && b",
    "echo $HOME",
    "cd /tmp",
    "X=1 python3 a.py",
    "ls *.py",
    "python3 a.py 'x y'",
    "echo {1,2}",
    "echo {1..3}",
    "a\nb",
    "python3 a.py ~/x",
  ])
    expect(typedCommand(text)).toEqual({ kind: "shell", text });
});

test("without a shell, a program gets the words that a shell would give it", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_@%+=:,./{}-]{1,8}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
      const command = typedCommand(`printf %s\\\\n ${words.join(" ")}`.replace("\\\\n", ":"));
      if (command.kind === "shell") return;
      const [program = "", ...rest] = command.argv;
      const byShell = execFileSync("sh", ["-c", command.argv.join(" ")], { encoding: "utf8" });
      expect(execFileSync(program, rest, { encoding: "utf8" })).toBe(byShell);
    }),
    { numRuns: 60 },
  );
});

test("the text of a command is typed as that command, or does the same in a shell", () => {
  const word = fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("{lr}", "--x={lr}", "a b", "$HOME", "{1,2}"));
  const values = [["lr", parameterValue("0.1 0.2")]] as const;
  fc.assert(
    fc.property(
      fc.array(
        word.filter((text) => !text.includes("\0")),
        { minLength: 1, maxLength: 4 },
      ),
      (words) => {
        const argv = ["printf", "%s:", ...words];
        const expected = renderCommand({ kind: "argv", argv }, values);
        const typed = renderCommand(typedCommand(textOfCommand({ kind: "argv", argv })), values);
        expect(wordsOf(typed)).toEqual(wordsOf(expected));
      },
    ),
    { numRuns: 100 },
  );
});

function wordsOf(command: ReturnType<typeof typedCommand>): string {
  const [program = "", ...rest] = command.kind === "argv" ? command.argv : ["sh", "-c", command.text];
  return execFileSync(program, rest, { encoding: "utf8" });
}
