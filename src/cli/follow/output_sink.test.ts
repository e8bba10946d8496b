import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { openOutputSink } from "./output_sink.ts";

async function shown(pieces: string[], options: { isTTY: boolean; prefix: string | null }): Promise<string> {
  const target = Object.assign(new PassThrough(), { isTTY: options.isTTY }) as unknown as NodeJS.WriteStream;
  const sink = openOutputSink(target, { raw: false, prefix: options.prefix });
  for (const piece of pieces) await sink.take(Buffer.from(piece));
  await sink.end();
  return String((target as unknown as PassThrough).read() ?? "");
}

test("with a prefix whole lines are shown, also those that come in pieces or have no end", async () => {
  const pieces = ["one\ntw", "o", "\n\nthr", "ee"];
  expect(await shown(pieces, { isTTY: false, prefix: "12.1 | " })).toBe(
    "12.1 | one\n12.1 | two\n12.1 | \n12.1 | three\n",
  );
  expect(await shown(["a\r\n", " 1 %\r 2 %\n"], { isTTY: false, prefix: "> " })).toBe("> a\r\n>  1 %\r 2 %\n");
});

test("on a terminal a line that is drawn over itself keeps its prefix", async () => {
  const pieces = ["a\r\n", "\r 1 %", "\r 99 %", "\r100 %\n", "\r\n", "\r50 %\r"];
  expect(await shown(pieces, { isTTY: true, prefix: "> " })).toBe("> a\r\n> 100 %\n> \r\n> 50 %\r\n");
});

test("without a prefix bytes pass as they come", async () => {
  expect(await shown(["a\rb", "\x1b[2J"], { isTTY: false, prefix: null })).toBe("a\rb\x1b[2J");
  expect(await shown(["a\rb", "\x1b[2J"], { isTTY: true, prefix: null })).toBe("a\rb");
});
