import { openOutputCleaner } from "../printable.ts";
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
  return prefix === null ? sink : prefixedSink(sink, Buffer.from(prefix));
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

/** Whole lines only, so that those of several runs do not mix. */
function prefixedSink(sink: OutputSink, prefix: Buffer): OutputSink {
  let rest = Buffer.alloc(0);
  return {
    async take(bytes) {
      const all = Buffer.concat([rest, bytes]);
      const lines: Buffer[] = [];
      let start = 0;
      for (let end = all.indexOf(0x0a); end !== -1; end = all.indexOf(0x0a, start)) {
        lines.push(prefix, all.subarray(start, end + 1));
        start = end + 1;
      }
      rest = Buffer.from(all.subarray(start));
      if (lines.length > 0) await sink.take(Buffer.concat(lines));
    },
    async end() {
      if (rest.length > 0) await sink.take(Buffer.concat([prefix, rest, Buffer.from("\n")]));
      await sink.end();
    },
  };
}
