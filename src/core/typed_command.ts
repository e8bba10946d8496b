import type { Command } from "./command.ts";
import { isShellWord } from "./command_line.ts";
import { shellQuote } from "./shell_quote.ts";

/** Words that mean nothing to a shell, and places for parameters. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./{}-]+$/;
/** What shells make several words of, or leave out: `{1,2}` `{1..5}`. */
const BRACES = /\{[^}]*(?:,|\.\.)[^}]*\}|\{\}/;

/**
 * A command as somebody types it into a line: a program with its arguments where no shell is needed for it, else a text for the
 * shell. Both do the same. Space around it does not count.
 */
export function typedCommand(text: string): Command {
  const line = text.trim();
  const [program = "", ...words] = line.split(/ +/);
  const needsShell =
    ![program, ...words].every((word) => PLAIN.test(word)) ||
    BRACES.test(line) ||
    isShellWord(program) ||
    /=|^-|\{/.test(program);
  return needsShell ? { kind: "shell", text: line } : { kind: "argv", argv: [program, ...words] };
}

/** The text that is typed for a command. */
export function textOfCommand(command: Command): string {
  return command.kind === "shell" ? command.text : command.argv.map(wordOf).join(" ");
}

/** A place for a parameter stays one, and is not put in quotes. */
function wordOf(word: string): string {
  return PLAIN.test(word) && !BRACES.test(word) && !word.startsWith("=") ? word : shellQuote(word);
}
