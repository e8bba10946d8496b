import { writeSync } from "node:fs";

const SPARED_MS = 60_000;
const MOST_KNOWN = 100;
const known = new Map<string, { at: number; left: number }>();

/** The same for what may go wrong many times a second: of texts with the same first line, one a minute. */
export function logSparingly(text: string): void {
  const [about = ""] = text.split("\n", 1);
  const before = known.get(about);
  if (before && performance.now() - before.at < SPARED_MS) {
    before.left += 1;
    return;
  }
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(about, { at: performance.now(), left: 0 });
  logLine(before && before.left > 0 ? `${text}\n(and ${before.left} times more since it was last told)` : text);
}

/** A line for the log, with its time. */
export function logLine(text: string): void {
  try {
    writeSync(2, `${new Date().toISOString()} ${text}\n`);
  } catch {
    // A disk that is full, a reader that is gone: no reason for a yard or an agent to end.
  }
}
