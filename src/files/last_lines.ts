const BLOCK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** A stretch of bytes that can be read anywhere. `read` may answer less than asked where it ends early. */
export interface Stretch {
  size: number;
  read(from: number, to: number): Promise<Buffer>;
}

export interface Tail {
  /** Where the tail begins, and with it whoever wants to follow from there. */
  from: number;
  bytes: Buffer;
  /** Whether `maxBytes` ended the search: the first line may lack its beginning, and lines may be missing. */
  cut: boolean;
}

/**
 * The last `count` lines, read backwards in blocks: a large file costs no more than its tail.
 * A last line without its newline counts. `maxBytes` bounds what is read and held, however long a line is.
 */
export async function lastLines(stretch: Stretch, count: number, maxBytes: number): Promise<Tail> {
  const { size } = stretch;
  const floor = Math.max(0, size - maxBytes);
  const blocks: Buffer[] = [];
  let missing = count;
  let from = size;
  while (from > floor && missing > 0) {
    const blockFrom = Math.max(floor, from - BLOCK_BYTES);
    const block = await stretch.read(blockFrom, from);
    let start = 0;
    for (let at = block.lastIndexOf(NEWLINE); at >= 0 && missing > 0; at = lastNewlineBefore(block, at)) {
      // The newline at the very end ends the last line, and begins none.
      if (blockFrom + at === size - 1) continue;
      missing -= 1;
      if (missing === 0) start = at + 1;
    }
    blocks.unshift(block.subarray(start));
    from = blockFrom + start;
  }
  const bytes = Buffer.concat(blocks);
  const cut = missing > 0 && from > 0;
  const skipped = cut ? restOfCharacter(bytes) : 0;
  return { from: from + skipped, bytes: bytes.subarray(skipped), cut };
}

function lastNewlineBefore(block: Buffer, at: number): number {
  // lastIndexOf counts a negative offset from the end.
  return at === 0 ? -1 : block.lastIndexOf(NEWLINE, at - 1);
}

/** How many bytes belong to a UTF-8 character whose beginning was cut off. */
function restOfCharacter(bytes: Buffer): number {
  let rest = 0;
  while (rest < 3 && ((bytes[rest] ?? 0) & 0xc0) === 0x80) rest += 1;
  return rest;
}
