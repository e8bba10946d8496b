import type { Readable } from "node:stream";

/** What is kept of a stream. */
export interface Collected {
  /** So far. */
  bytes(): Buffer;
  /** Whether the stream was longer than what is kept of it. */
  truncated(): boolean;
}

/** Reads a stream to its end and keeps its first `maxBytes`; an error ends it too. */
export function collect(stream: Readable, maxBytes: number): Collected {
  const chunks: Buffer[] = [];
  let length = 0;
  let truncated = false;
  stream.on("data", (chunk: Buffer) => {
    if (length + chunk.length > maxBytes) truncated = true;
    const kept = chunk.subarray(0, maxBytes - length);
    length += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  stream.on("error", () => {});
  return { bytes: () => Buffer.concat(chunks), truncated: () => truncated };
}
