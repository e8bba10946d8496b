import { buffer } from "node:stream/consumers";
import { wrongUsage } from "./stop.ts";
import { readTextFile, textOfBytes, unreadable } from "./text_file.ts";

/** A shell command a line, numbered from 1 as in the file; empty lines and `#` comments are none, but count. */
export function parseCommandLines(text: string): [line: number, text: string][] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, i): [number, string] => [i + 1, line.replace(/\r$/, "")])
    .filter(([, line]) => !/^\s*(#|$)/.test(line));
}

/**
 * The commands in a file, or in stdin for `-`. Refuses the whole file where one line cannot be a command; `said` is what
 * refusals call it, e.g. `--from commands.txt`.
 */
export async function readCommandLines(path: string, said: string): Promise<[line: number, text: string][]> {
  const lines = parseCommandLines(path === "-" ? await readStdin(said) : readTextFile(path, said));
  const bad = lines.find(([, line]) => line.includes("\0"));
  if (bad)
    throw wrongUsage(
      `${path}:${bad[0]}: the line has a NUL character, which no command can carry. Nothing was queued.`,
    );
  if (lines.length === 0) throw wrongUsage(`${said}: there is no command in it. Write one a line.`);
  return lines;
}

async function readStdin(said: string): Promise<string> {
  let bytes: Buffer;
  try {
    // Not readFileSync(0): Node has made a pipe there non-blocking, and who writes to it may be slower than we are.
    bytes = await buffer(process.stdin);
  } catch (error) {
    throw wrongUsage(`${said}: ${unreadable(error)}.`);
  }
  return textOfBytes(bytes, said);
}
