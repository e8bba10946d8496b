/** A line of a run's output. */
export interface LogLine {
  /** Where it begins in the stream, in bytes. */
  at: number;
  /** As it was printed: with escape sequences, and whatever else. */
  text: string;
}

/** The stretch of a stream that is held, of which there may be a gigabyte: whole lines, and the beginning of the next one. */
export interface LogWindow {
  /** In bytes: of the first line, and behind all that is held. */
  from: number;
  to: number;
  lines: readonly LogLine[];
  /** The last line, as far as it has come. */
  rest: Uint8Array;
}

/** So much is held, in lines and in bytes; beyond, the far end is let go. */
export const MOST_LINES = 20_000;
const MOST_BYTES = 8 * 1024 * 1024;

/** Of a line that does not end. */
const MOST_REST = 1024 * 1024;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function emptyWindow(at: number): LogWindow {
  return { from: at, to: at, lines: [], rest: new Uint8Array() };
}

/** With what follows, and without the oldest lines where it gets too much. */
export function append(window: LogWindow, bytes: Uint8Array): LogWindow {
  if (bytes.length === 0) return window;
  const start = window.to - window.rest.length;
  const held = concat(window.rest, bytes);
  const { lines: more, rest: all } = split(held, start);
  const [to, lines, rest] = [window.to + bytes.length, [...window.lines, ...more], shortened(all)];
  return letGo({ from: lines[0]?.at ?? to - rest.length, to, lines, rest }, "oldest");
}

/** Without what was overwritten, as by a progress bar that draws for days, and without what is too long for anybody. */
function shortened(rest: Uint8Array): Uint8Array {
  if (rest.length <= MOST_REST) return rest;
  const shown = rest.lastIndexOf(RETURN, rest.length - 2) + 1;
  return rest.slice(Math.max(shown, rest.length - MOST_REST));
}

/**
 * With what comes before, and without the newest lines where it gets too much.
 *
 * @param bytes  those before `window.from`; they may begin within a line, which is then left out
 */
export function prepend(window: LogWindow, bytes: Uint8Array): LogWindow {
  const from = window.from - bytes.length;
  const skipped = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
  // One line fills all of it: then a piece of it is shown.
  const taken = skipped === bytes.length ? bytes : bytes.subarray(skipped);
  const begin = window.from - taken.length;
  const { lines, rest } = split(taken, begin);
  const joined = rest.length === 0 ? lines : [...lines, { at: window.from - rest.length, text: decoder.decode(rest) }];
  return letGo({ ...window, from: begin, lines: [...joined, ...window.lines] }, "newest");
}

/** Every line, also the last one, which may still grow. */
export function lineCount({ lines, rest }: LogWindow): number {
  return lines.length + (rest.length > 0 ? 1 : 0);
}

export function lineAt({ lines, rest, to }: LogWindow, index: number): LogLine | null {
  const line = lines[index];
  if (line) return line;
  return index === lines.length && rest.length > 0 ? { at: to - rest.length, text: decoder.decode(rest) } : null;
}

/** Which line a place in the stream is in; -1: none that is held. */
export function indexOf({ from, to, lines, rest }: LogWindow, at: number): number {
  if (at < from || at >= to) return -1;
  if (rest.length > 0 && at >= to - rest.length) return lines.length;
  return lines.findLastIndex((line) => line.at <= at);
}

function split(bytes: Uint8Array, start: number): { lines: LogLine[]; rest: Uint8Array } {
  const lines: LogLine[] = [];
  let begin = 0;
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, begin)) {
    lines.push({ at: start + begin, text: decoder.decode(bytes.subarray(begin, end)) });
    begin = end + 1;
  }
  return { lines, rest: bytes.slice(begin) };
}

function letGo(window: LogWindow, end: "oldest" | "newest"): LogWindow {
  const { from, to, lines } = window;
  const surplus = Math.max(lines.length - MOST_LINES, to - from > MOST_BYTES ? Math.ceil(lines.length / 4) : 0);
  if (surplus <= 0) return window;
  if (end === "oldest") {
    const kept = lines.slice(surplus);
    return { ...window, from: kept[0]?.at ?? to - window.rest.length, lines: kept };
  }
  const first = lines[lines.length - surplus];
  return first ? { from, to: first.at, lines: lines.slice(0, -surplus), rest: new Uint8Array() } : window;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
