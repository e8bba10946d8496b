import { good } from "../platform/result.ts";
import type { OutputPlace } from "./output_place.ts";
import type { Outputs } from "./outputs.ts";
import type { FileResult } from "./problem.ts";

const BLOCK_BYTES = 1024 * 1024;
/** One search looks at so much; who wants more goes on where it ended. */
const SEARCHED_BYTES = 256 * 1024 * 1024;
/** Of a line that is found so much is shown. */
const SHOWN_BYTES = 400;
const NEWLINE = 0x0a;

export interface Found {
  /** Lines with the text in them, once each: `at` is where the line begins in the stream, in bytes. */
  lines: { at: number; text: string }[];
  /** Where to go on; null: the end was reached. */
  next: number | null;
}

/**
 * Looks for a text in a stream of any length, a block at a time. Small letters find large ones too; a text with a large letter
 * in it is looked for exactly. A line longer than a block is seen in pieces.
 *
 * @param from  where a line begins, in bytes
 */
export async function findLines(
  outputs: Pick<Outputs, "read">,
  place: OutputPlace,
  { text, from, limit }: { text: string; from: number; limit: number },
  signal: AbortSignal,
): Promise<FileResult<Found>> {
  const isExact = text !== text.toLowerCase();
  const needle = Buffer.from(text, "utf8");
  const lines: Found["lines"] = [];
  let at = from;
  while (at - from < SEARCHED_BYTES && !signal.aborted) {
    const read = await outputs.read(place, at, at + BLOCK_BYTES);
    if (!read.ok) return read;
    const block = read.value;
    if (block.length === 0) return good({ lines, next: null });
    // What is looked at ends with a line, unless one fills the whole block or the stream ends in it.
    const lastEnd = block.lastIndexOf(NEWLINE) + 1;
    const whole = lastEnd === 0 || block.length < BLOCK_BYTES ? block : block.subarray(0, lastEnd);
    const searched = isExact ? whole : lowered(whole);
    for (let hit = searched.indexOf(needle); hit !== -1; ) {
      const start = hit === 0 ? 0 : searched.lastIndexOf(NEWLINE, hit - 1) + 1;
      const newline = searched.indexOf(NEWLINE, hit);
      const end = newline === -1 ? whole.length : newline;
      lines.push({ at: at + start, text: shown(whole.subarray(start, end), hit - start) });
      if (lines.length === limit) return good({ lines, next: at + Math.min(end + 1, whole.length) });
      hit = end >= whole.length ? -1 : searched.indexOf(needle, end);
    }
    at += whole.length;
  }
  return good({ lines, next: at });
}

/** Its letters of ASCII small: bytes stay where they are. */
function lowered(bytes: Buffer): Buffer {
  const small = Buffer.from(bytes);
  for (let i = 0; i < small.length; i += 1) {
    const byte = small[i] ?? 0;
    if (byte >= 0x41 && byte <= 0x5a) small[i] = byte | 0x20;
  }
  return small;
}

/** The line, or of a long one what is around the text. */
function shown(line: Buffer, hit: number): string {
  const start = Math.max(0, Math.min(hit - SHOWN_BYTES / 4, line.length - SHOWN_BYTES));
  return line.subarray(start, start + SHOWN_BYTES).toString("utf8");
}
