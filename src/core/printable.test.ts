import { expect, test } from "vitest";
import { openOutputCleaner, printable, printableJson, printableLines } from "./printable.ts";

test("text of others loses escape sequences, controls and bidi overrides, and stays on one line", () => {
  expect(printable("plain ü 漢")).toBe("plain ü 漢");
  expect(printable("a\x1b[31mred\x1b[0mb")).toBe("aredb");
  expect(printable("a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c")).toBe("abc");
  expect(printable("a\x9b2Jb\x1bcd\x1b")).toBe("abd");
  expect(printable("one\ntwo\tthree\r\nfour")).toBe("one two three four");
  expect(printable("gpj.\u202eexe\u2066x\u200f")).toBe("gpj.exex");
  expect(printable("\x00\x07\x08bell")).toBe("bell");
});

test("an unfinished sequence takes the rest of its text along, and nothing of it reaches the terminal", () => {
  expect(printable("ok\x1b]52;c;ZXZpbA==")).toBe("ok");
  expect(printable("ok\x1b[1;2")).toBe("ok");
});

test("a message keeps its lines; JSON keeps its values, and acts on no terminal", () => {
  expect(printableLines('no "\x1b[2J"\nSee: help')).toBe('no ""\nSee: help');
  const value = { "k\x9b": "\x1b\u202e\n" };
  expect(printableJson(value)).toBe('{"k\\u009b":"\\u001b\\u202e\\n"}');
  expect(JSON.parse(printableJson(value))).toEqual(value);
});

function cleaned(...pieces: (string | Uint8Array)[]): string {
  const cleaner = openOutputCleaner();
  return pieces.map((piece) => cleaner.clean(Buffer.from(piece))).join("") + cleaner.end();
}

test("output keeps its lines, tabs, carriage returns and colours, and loses every other sequence", () => {
  expect(cleaned("a\tb\r50%\r100%\n")).toBe("a\tb\r50%\r100%\n");
  expect(cleaned("\x1b[1;31mred\x1b[0m\x1b[2J\x1b[?1049h\x1b]0;t\x07!\n")).toBe("\x1b[1;31mred\x1b[0m!\n");
  expect(cleaned("\x00a\x07\x08b\u202ec")).toBe("abc");
});

test("a sequence that is cut in two by a piece's end is recognised all the same", () => {
  for (const text of ["x\x1b[31mred\x1b[0my", "x\x1b]0;evil\x07y", "x\x1b[2Jy", "x\x1b]8;;u\x1b\\y"]) {
    const whole = cleaned(text);
    for (let at = 1; at < text.length; at += 1) expect(cleaned(text.slice(0, at), text.slice(at))).toBe(whole);
  }
});

test("a character whose bytes arrive in two pieces stays whole", () => {
  const bytes = Buffer.from("aü漢b");
  for (let at = 1; at < bytes.length; at += 1) expect(cleaned(bytes.subarray(0, at), bytes.subarray(at))).toBe("aü漢b");
});

test("colours that output leaves on are ended with it", () => {
  expect(cleaned("\x1b[31mred")).toBe("\x1b[31mred\x1b[0m");
  expect(cleaned("\x1b[31mred\x1b[m")).toBe("\x1b[31mred\x1b[m");
});
