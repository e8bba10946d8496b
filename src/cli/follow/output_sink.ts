import { openOutputCleaner } from "../../core/printable.ts";
import { write } from "../terminal.ts";

/** Where the output of runs goes: bytes as they are, or cleaned for a terminal, or with a prefix before each line. */
export interface OutputSink {
  take(bytes: Uint8Array): Promise<void>;
  /** What was kept back, e.g. an unfinished line. */
  end(): Promise<void>;
}

/** @param prefix  stands before each line; null: bytes pass as they come */
export function openOutputSink(
  target: NodeJS.WriteStream,
  options: { raw: boolean; prefix: string | null },
): OutputSink {
  const { prefix } = options;
  const sink = target.isTTY && !options.raw ? cleanSink(target) : rawSink(target);
  return prefix === null ? sink : prefixedSink(sink, Buffer.from(prefix), target.isTTY === true);
}

function rawSink(target: NodeJS.WriteStream): OutputSink {
  return { take: (bytes) => write(target, bytes), end: async () => {} };
}

function cleanSink(target: NodeJS.WriteStream): OutputSink {
  const cleaner = openOutputCleaner();
  return {
    take: (bytes) => write(target, cleaner.clean(bytes)),
    end: () => write(target, cleaner.end()),
  };
}

/**
 * Whole lines only, so that those of several runs do not mix.
 *
 * @param isShown  on a terminal: of a line that is drawn over itself (a progress bar) only what stands there in the end,
 *   for a carriage return would go back to before the prefix
 */
function prefixedSink(sink: OutputSink, prefix: Buffer, isShown: boolean): OutputSink {
  let begun: Uint8Array[] = [];

  function finished(end: Uint8Array): Uint8Array[] {
    const line = begun.length === 0 ? end : Buffer.concat([...begun, end]);
    begun = [];
    return [prefix, isShown ? line.subarray(lastDrawn(line)) : line];
  }

  return {
    async take(bytes) {
      const lines: Uint8Array[] = [];
      let start = 0;
      for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
        lines.push(...finished(bytes.subarray(start, end + 1)));
        start = end + 1;
      }
      if (start < bytes.length) begun.push(bytes.slice(start));
      if (lines.length > 0) await sink.take(Buffer.concat(lines));
    },
    async end() {
      if (begun.length > 0) await sink.take(Buffer.concat(finished(Buffer.from("\n"))));
      await sink.end();
    },
  };
}

/** Where what is drawn last on a line begins: behind its last carriage return that more follows than the line's end. */
function lastDrawn(line: Uint8Array): number {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 0x0a || line[end - 1] === 0x0d)) end -= 1;
  return end === 0 ? 0 : line.lastIndexOf(0x0d, end - 1) + 1;
}
