import type { Command } from "../core/command.ts";
import { type Refused, refuse } from "../core/failure.ts";
import { longestCommand } from "../core/longest_command.ts";
import type { Work } from "../core/work.ts";

/** What one argument or variable of a program may hold on Linux (MAX_ARG_STRLEN), its NUL byte included. */
const LONGEST_WORD_BYTES = 131_072;

/** Refuses commands with a word that could be queued, but never be started. Null: there is none. */
export function checkWords(work: Work): Refused | null {
  const words: [what: string, word: string][] =
    work.kind === "lines"
      ? work.lines.map(([line, text]) => [`The command in line ${line}`, text])
      : wordsOf(longestCommand(work.command, work.spaces)).map((word) => ["An argument of the command", word]);
  for (const [what, word] of words) {
    // No character takes more than 3 bytes for each of its UTF-16 units.
    const bytes = word.length * 3 < LONGEST_WORD_BYTES ? 0 : Buffer.byteLength(word);
    if (bytes >= LONGEST_WORD_BYTES) {
      const detail = `${what} is ${bytes} bytes long; Linux starts no program with an argument above ${LONGEST_WORD_BYTES - 1}. Put it into a file and pass its name.`;
      return refuse({ code: "bad_request", detail });
    }
  }
  return null;
}

function wordsOf(command: Command): readonly string[] {
  return command.kind === "argv" ? command.argv : [command.text];
}
