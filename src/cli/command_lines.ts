import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { systemErrorText } from "../platform/system_error.ts";
import { wrongUsage } from "./stop.ts";

/** A shell command a line, numbered from 1 as in the file; empty lines and `#` comments are none, but count. */
export function parseCommandLines(text: string): [line: number, text: string][] {
  return text
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, i): [number, string] => [i + 1, line.replace(/\r$/, "")])
    .filter(([, line]) => !/^\s*(#|$)/.test(line));
}

/** Reads `--from FILE`, or stdin for `-`. Refuses the whole file where one line cannot be a command. */
export async function readCommandLines(path: string): Promise<[line: number, text: string][]> {
  let bytes: Buffer;
  try {
    // Not readFileSync(0): Node has made a pipe there non-blocking, and who writes to it may be slower than we are.
    bytes = path === "-" ? await buffer(process.stdin) : await readFile(path);
  } catch (error) {
    throw wrongUsage(`--from ${path}: ${systemErrorText(error)}.`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw wrongUsage(`--from ${path}: the file is not UTF-8 text. Save it as UTF-8.`);
  }
  const lines = parseCommandLines(text);
  const bad = lines.find(([, line]) => line.includes("\0"));
  if (bad)
    throw wrongUsage(
      `${path}:${bad[0]}: the line has a NUL character, which no command can carry. Nothing was queued.`,
    );
  if (lines.length === 0) throw wrongUsage(`--from ${path}: there is no command in it. Write one a line.`);
  return lines;
}
