import type { Command } from "./command.ts";
import { shellSpans } from "./shell_context.ts";
import { escapeInSingleQuotes, shellQuote } from "./shell_quote.ts";

/**
 * A command as one line that does in any POSIX shell what the run does: for `--dry-run | sh` and `| parallel`.
 * Line breaks and control characters are written as escapes that the shell itself resolves.
 */
export function commandLine(command: Command): string {
  if (command.kind === "shell")
    return needsOwnShell(command.text) ? `sh -c ${quoteInLine(command.text)}` : command.text;
  const words = command.argv.map((word, i) =>
    i === 0 && word.includes("=") ? `'${escapeInSingleQuotes(word)}'` : shellQuote(word),
  );
  const line = isShellsOwn(command.argv) ? ["env", ...words].join(" ") : words.join(" ");
  // What eval reads ends in the last word's quote, so that $( ) has no line break at the end to cut off.
  return hasControls(line) ? `eval ${quoteInLine(line)}` : line;
}

function quoteInLine(text: string): string {
  return hasControls(text) ? `"$(printf %b ${shellQuote(escapeControls(text))})"` : shellQuote(text);
}

// A tab is harmless everywhere; other controls, and what turns the direction of text, could end the line or act on a terminal.
const CONTROLS = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

function hasControls(text: string): boolean {
  return CONTROLS.test(text);
}

/** As `printf %b` reads it: `\n`, `\0ooo`, `\\`. */
function escapeControls(text: string): string {
  return text
    .replaceAll("\\", "\\\\")
    .replace(new RegExp(CONTROLS, "g"), (char) => (char === "\n" ? "\\n" : [...utf8.encode(char)].map(octal).join("")));
}

const utf8 = new TextEncoder();

function octal(byte: number): string {
  return `\\0${byte.toString(8).padStart(3, "0")}`;
}

const SHELL_WORDS =
  "case do done elif else esac fi for function if in select then time until while " +
  "alias bg break builtin cd command continue declare dot eval exec exit export fc fg getopts hash jobs let local " +
  "read readonly return set shift source times trap type typeset ulimit umask unalias unset wait";
const shellWords = new Set([...SHELL_WORDS.split(" "), ".", ":"]);

/** Whether a shell does this itself (`cd`, `exit`, `source`): mostly there is no program of that name. */
export function isShellWord(name: string): boolean {
  return shellWords.has(name);
}

/** Programs whose names a shell takes for its own words, or whose built-in twin acts differently. */
function isShellsOwn(argv: readonly string[]): boolean {
  const [program = "", ...words] = argv;
  // dash's echo resolves \n, the program does not.
  return shellWords.has(program) || (program === "echo" && words.some((word) => word.includes("\\")));
}

/** Whether a text could touch the lines after it: an open quote, `cd`, `exit`, an assignment, a compound command. */
function needsOwnShell(text: string): boolean {
  if (hasControls(text) || /^\s*$|^\s*#|[(){}]|<<|\\$|&\s*$|(?:^|\s)#/.test(text)) return true;
  if (/(?:^|[\s;&|])[A-Za-z_][A-Za-z0-9_]*=/.test(text) || !shellSpans(text).complete) return true;
  return text.split(/[\s;&|]+/).some((word) => shellWords.has(word) && word !== "time");
}
