import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Command, renderCommand } from "../src/core/command.ts";
import { commandLine } from "../src/core/command_line.ts";
import { parameterValue } from "../src/core/parameter_value.ts";

const SHELLS = [["dash"], ["bash"], ["bash", "--posix"]];

/** Prints its arguments, each with a NUL behind it: nothing else can contain one. */
const SHOW = ["env", "printf", "%s\\0", "|"];

const hostileWord = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."'\"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r-ab01n0\x1b\x7fé") }),
  fc.string({ unit: "grapheme" }).map((text) => text.replaceAll("\0", "")),
  fc.constantFrom("", "\n", "a\n\n", "\\n", "\\0101", "\\c", "-n", "{}", "{1}", "it's", "$(echo x)", "%s"),
);

function fed(program: string[], input: string): string {
  const [file = "sh", ...args] = program;
  return execFileSync(file, args, { input, encoding: "utf8", stdio: ["pipe", "pipe", "ignore"] });
}

function shown(words: readonly string[]): string {
  return ["|", ...words].map((word) => `${word}\0`).join("");
}

function show(...words: string[]): Command {
  return { kind: "argv", argv: [...SHOW, ...words] };
}

test("arguments reach a command through any shell to the byte, one line each", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.array(fc.array(hostileWord, { maxLength: 4 }), { minLength: 5, maxLength: 5 }), (lists) => {
      const lines = lists.map((words) => commandLine(show(...words)));
      for (const line of lines) expect(line).not.toContain("\n");
      for (const program of SHELLS) {
        expect(fed(program, lines.map((line) => `${line}\n`).join(""))).toBe(lists.map(shown).join(""));
      }
    }),
    { numRuns: 60 },
  );
});

test("GNU parallel runs the same lines", { timeout: 60_000 }, () => {
  const lists = fc.sample(fc.array(hostileWord, { minLength: 1, maxLength: 4 }), 40);
  const lines = lists.map((words) => `${commandLine(show(...words))}\n`).join("");
  expect(fed(["parallel", "-k", "-j2"], lines)).toBe(lists.map(shown).join(""));
});

test("a value keeps every byte wherever its place in a shell text is", { timeout: 60_000 }, () => {
  const program = SHOW.map((word) => `'${word}'`).join(" ");
  const texts = [
    `${program} {x}`,
    `${program} "{x}"`,
    `${program} '{x}'`,
    `${program} "$(printf '%s.' {x})"`,
    `${program} "$(printf '%s.' "{x}")"`,
    `${program} 'it'\\''s' "\\"{x}" # it's`,
    `${program} "$((1 + (2)))" {x}; true '('`,
    `${program} "$(cat <<E\n{x}.\nE\n)"`,
    `${program} "$(cat <<'E'\nit's {x}.\nE\n)"`,
    `${program} one\n${program}`,
  ];
  const expected = (value: string) => [
    shown([value]),
    shown([value]),
    shown([value]),
    shown([`${value}.`]),
    shown([`${value}.`]),
    shown(["it's", `"${value}`]),
    shown(["3", value]),
    shown([`${value}.`]),
    shown([`it's ${value}.`]),
    shown(["one"]) + shown([`--x=${value}`]),
  ];
  fc.assert(
    fc.property(hostileWord, (value) => {
      for (const [i, text] of texts.entries()) {
        const command = renderCommand({ kind: "shell", text }, [["x", parameterValue(value)]]);
        if (command.kind !== "shell") throw new Error("a shell text stays one");
        expect(fed(["dash", "-c", command.text], ""), command.text).toBe(expected(value)[i]);
      }
    }),
    { numRuns: 40 },
  );
});

test("a line does not touch those after it", () => {
  const texts = [
    "cd /",
    "exit 3",
    "exec true",
    'echo "open',
    "A=1",
    "echo a #",
    "cat <<E",
    "f() {",
    "echo \\",
    "if true",
  ];
  const lines = texts.map((text) => commandLine({ kind: "shell", text }));
  const argv = [["exit", "1"], ["A=1"], ["if"], ["{"], ["echo", "a\\nb"]].map((words) =>
    commandLine({ kind: "argv", argv: words }),
  );
  const script = [...lines, ...argv].flatMap((line) => [line, 'echo "$PWD next $A"']).join("\n");
  for (const program of SHELLS) {
    const output = fed([...program, "-c", "cd /tmp; exec $0", ...program], `${script}\n`);
    expect(output.match(/^\/tmp next $/gm)?.length).toBe(texts.length + argv.length);
    expect(output).toContain("a\\nb\n");
  }
});

test("a shell text that is printed as it is does what the run does", () => {
  for (const text of ["echo a && echo b | tr b c", "false || echo 'x  y' 2>&1", "printf '%s\\n' \"$((1 + 1))\""]) {
    const line = commandLine({ kind: "shell", text });
    expect(fed(["dash"], `${line}\n`)).toBe(fed(["dash", "-c", text], ""));
  }
});
