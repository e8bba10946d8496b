import type { Command } from "../core/command.ts";
import { type Misread, misread } from "../core/option_values.ts";
import { shellQuote } from "../core/shell_quote.ts";

/** What a script's first line names: `#!/bin/bash -l` has one argument, as the kernel reads it, blanks and all. */
interface Interpreter {
  path: string;
  argument: string | null;
}

/**
 * What a batch script executes.
 *
 * @param script  all of it: what another interpreter than a plain shell is given, as a file
 * @param body    what follows its first line
 * @param words   the script's own arguments
 */
export function scriptCommand(script: string, body: string, words: readonly string[]): Command | Misread {
  const interpreter = interpreterOf(script);
  if (interpreter === null)
    return misread("A batch script begins with #! and the whole path of an interpreter, e.g. #!/bin/bash");
  if (body.split("\n").every((line) => /^\s*(#|$)/.test(line))) return misread("There is no command in it.");
  if (!isPlainShell(interpreter)) return { kind: "shell", text: fileFor(interpreter, script, words) };
  const set = words.length === 0 ? "" : `set -- ${words.map(shellQuote).join(" ")}\n`;
  return { kind: "shell", text: set + body };
}

function interpreterOf(script: string): Interpreter | null {
  const [, path, argument = ""] = /^#![ \t]*(\/\S+)[ \t]*(.*)/.exec(script) ?? [];
  return path === undefined ? null : { path, argument: argument.trimEnd() || null };
}

function isPlainShell({ path, argument }: Interpreter): boolean {
  return argument === null ? /\/(ba)?sh$/.test(path) : /\/env$/.test(path) && /^(ba)?sh$/.test(argument);
}

/** The script in a file of its own, for as long as it is executed. */
function fileFor({ path, argument }: Interpreter, script: string, words: readonly string[]): string {
  const lines = script.split("\n");
  let end = "END_OF_SCRIPT";
  while (lines.includes(end)) end += "_";
  const interpreter = [path, ...(argument === null ? [] : [argument])].map(shellQuote);
  return [
    'script=$(mktemp "${TMPDIR:-/tmp}/runyard.XXXXXX") || exit',
    "trap 'rm -f \"$script\"' EXIT",
    // A program that ends on SIGTERM in its own way has the time for it.
    "trap : TERM",
    `cat >"$script" <<'${end}' || exit`,
    script.endsWith("\n") ? script.slice(0, -1) : script,
    end,
    [...interpreter, '"$script"', ...words.map(shellQuote)].join(" "),
  ].join("\n");
}
