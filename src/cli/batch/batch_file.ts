import { readCommandLines } from "../command_lines.ts";
import { wrongUsage } from "../stop.ts";

/** A line of a batch file: one command for bash, a job of its own in ml-scheduler's words. */
export interface BatchLine {
  /** From 1, comments and empty lines counted. */
  line: number;
  /** What its results are filed under, as one file name: `example_batch_script.sh.3`. */
  name: string;
  text: string;
}

/** File names may have 255 bytes; what is made beside the results (`.out`, `.err`, a temporary name) has to fit too. */
const LONGEST_NAME_BYTES = 240;

/** The lines of a batch file, or of stdin for `-`. Refuses the whole file: missing, a folder, no UTF-8, no command in it. */
export async function readBatchFile(path: string): Promise<BatchLine[]> {
  const lines = await readCommandLines(path, path === "-" ? "stdin" : path);
  const named = lines.map(([line, text]) => ({ line, name: batchLineName(path, line), text }));
  const tooLong = named.find(({ name }) => Buffer.byteLength(name) > LONGEST_NAME_BYTES);
  if (!tooLong) return named;
  throw wrongUsage(
    `${path}: results would lie in a folder named ${tooLong.name}, which is longer than the ${LONGEST_NAME_BYTES} bytes allowed. Change into a folder nearer to the file, and name it from there.`,
  );
}

/**
 * As ml-scheduler named it: the path as it was given with `_` for each `/`, a dot, the line. Without a `./` in front, so
 * that no results are hidden and the same file is the same batch with and without it. stdin is `stdin`.
 */
export function batchLineName(path: string, line: number): string {
  const given = path === "-" ? "stdin" : path.replace(/^(\.\/+)+/, "");
  return `${given.replaceAll("/", "_")}.${line}`;
}
