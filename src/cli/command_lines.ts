import { parseCommandLines } from "../core/command_lines.ts";
import { wrongUsage } from "./stop.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";

/**
 * The commands in a file, or in stdin for `-`. Refuses the whole file where one line cannot be a command; `said` is what
 * refusals call it, e.g. `--from commands.txt`.
 */
export async function readCommandLines(path: string, said: string): Promise<[line: number, text: string][]> {
  const text = await readTextFile(path);
  if (isUnreadable(text)) throw wrongUsage(`${said}: ${text.unreadable}.`);
  const lines = parseCommandLines(text);
  const bad = lines.find(([, line]) => line.includes("\0"));
  if (bad)
    throw wrongUsage(
      `${path}:${bad[0]}: the line has a NUL character, which no command can carry. Nothing was queued.`,
    );
  if (lines.length === 0) throw wrongUsage(`${said}: there is no command in it. Write one a line.`);
  return lines;
}
