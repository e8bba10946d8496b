import fc from "fast-check";
import { expect, test } from "vitest";
import { append, emptyWindow, indexOf, type LogWindow, lineAt, lineCount, MOST_LINES, prepend } from "./log_window.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const text = fc
  .array(fc.constantFrom("a", "bc", "\n", "ü", "漢", "\r", " "), { maxLength: 60 })
  .map((parts) => parts.join(""));

function shown(window: LogWindow): string[] {
  return Array.from({ length: lineCount(window) }, (_, i) => lineAt(window, i)?.text ?? "?");
}

function linesOf(all: string): string[] {
  const lines = all.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

test("however a stream comes in pieces, its lines are the same", () => {
  fc.assert(
    fc.property(text, fc.array(fc.nat(80), { maxLength: 6 }), (all, cuts) => {
      const bytes = encode(all);
      const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
      let window = emptyWindow(0);
      for (const [i, end] of places.slice(1).entries()) window = append(window, bytes.subarray(places[i] ?? 0, end));
      expect(shown(window)).toEqual(linesOf(all));
      expect(window.to).toBe(bytes.length);
    }),
  );
});

test("read backwards it is the same as forwards, and every line knows its place", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 40 }), (all, step) => {
      const bytes = encode(all);
      const lastLine = bytes.lastIndexOf(0x0a) + 1;
      let window = append(emptyWindow(lastLine), bytes.subarray(lastLine));
      for (let reach = step; window.from > 0; reach += step) {
        const before = window;
        window = prepend(window, bytes.subarray(Math.max(0, window.from - reach), window.from));
        // A line that is longer than what was asked for is shown in pieces: not looked at here.
        if (window.from === before.from) return;
        const first = lineAt(window, 0);
        if (first && first.at > 0 && bytes[first.at - 1] !== 0x0a) return;
      }
      expect(shown(window)).toEqual(linesOf(all));
      for (let i = 0; i < lineCount(window); i += 1) {
        const line = lineAt(window, i);
        if (line) expect(indexOf(window, line.at)).toBe(i);
      }
    }),
  );
});

test("of a stream without end so much is held, and the place of what is held stays right", () => {
  let window = emptyWindow(0);
  const block = encode("0123456\n".repeat(5000));
  for (let i = 0; i < 10; i += 1) window = append(window, block);
  expect(lineCount(window)).toBe(MOST_LINES);
  expect(window).toMatchObject({ to: 400_000, from: 400_000 - 8 * MOST_LINES });
  const older = prepend(window, block);
  expect(lineCount(older)).toBe(MOST_LINES);
  expect(older.from).toBeLessThan(window.from);
  expect(lineAt(older, MOST_LINES - 1)?.at).toBe(older.to - 8);
});

test("a progress bar that draws for days over one line takes no more room than a stretch of it", () => {
  let window = append(emptyWindow(0), encode("begins\n"));
  const strokes = encode(Array.from({ length: 3000 }, (_, i) => `${i} of 3000 ${"#".repeat(100)}\r`).join(""));
  for (let drawn = 1; drawn <= 10; drawn += 1) {
    window = append(window, strokes);
    expect(window.rest.length).toBeLessThanOrEqual(1024 * 1024);
    expect(window.to).toBe(7 + drawn * strokes.length);
    expect(shown(window)).toEqual(["begins", expect.stringMatching(/(^|\r)2999 of 3000 #{100}\r$/)]);
  }
  window = append(window, encode("done\nnext"));
  expect(shown(window)).toEqual(["begins", expect.stringMatching(/#\rdone$/), "next"]);
});

test("of a line that never ends only a stretch is held", () => {
  let window = emptyWindow(0);
  for (let i = 0; i < 40; i += 1) window = append(window, encode("x".repeat(100_000)));
  expect(window.to).toBe(4_000_000);
  expect(window.from).toBe(4_000_000 - 1024 * 1024);
  expect(shown(window).map(({ length }) => length)).toEqual([1024 * 1024]);
});
