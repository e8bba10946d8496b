import { closeSync, readSync } from "node:fs";
import { LONGEST_LINE_BYTES, type Observations, parseEvent, type RunEvent } from "../core/run_event.ts";
import { fileAt, openFile } from "./folder.ts";

const BLOCK_BYTES = 256 * 1024;

/** Reads an events file as it grows. */
export interface EventReader {
  /** What has been told since the last call; null: nothing new. */
  read(): Observations | null;
}

export function openEventReader(path: string): EventReader {
  let offset = 0;
  let rest = Buffer.alloc(0);
  return {
    read() {
      // Most files are not there, or have not grown: that is asked often, and has to cost little.
      if ((fileAt(path)?.size ?? 0) <= offset) return null;
      const news: Observations = { progress: null, metrics: {}, result: {} };
      let isNew = false;
      for (const block of blocksFrom(path, offset)) {
        offset += block.length;
        const bytes = rest.length > 0 ? Buffer.concat([rest, block]) : block;
        const end = bytes.lastIndexOf(0x0a);
        for (const line of bytes.subarray(0, Math.max(0, end)).toString("utf8").split("\n")) {
          isNew = take(parseEvent(line), news) || isNew;
        }
        rest = Buffer.from(bytes.subarray(end + 1));
        if (rest.length > LONGEST_LINE_BYTES) rest = Buffer.alloc(0);
      }
      return isNew ? news : null;
    },
  };
}

function take(event: RunEvent | null, into: Observations): boolean {
  if (event?.kind === "progress") into.progress = { done: event.done, of: event.of };
  else if (event?.kind === "metric") Object.assign(into.metrics, event.values);
  else if (event?.kind === "result") Object.assign(into.result, event.values);
  else return false;
  return true;
}

function* blocksFrom(path: string, from: number): Generator<Buffer> {
  const file = openFile(path);
  if (file === null) return;
  try {
    for (let offset = from; ; ) {
      const block = Buffer.allocUnsafe(BLOCK_BYTES);
      const length = readSync(file, block, 0, BLOCK_BYTES, offset);
      if (length === 0) return;
      offset += length;
      yield block.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}
