import fc from "fast-check";
import { expect, test } from "vitest";
import { findLines } from "./find_lines.ts";
import type { Outputs } from "./outputs.ts";

const anywhere = { kind: "none" } as const;
const untilToldOtherwise = new AbortController().signal;

/** A stream that is read in memory. */
function holding(text: string): Pick<Outputs, "read"> {
  const bytes = Buffer.from(text, "utf8");
  return { read: async (_place, from, to) => ({ ok: true, value: bytes.subarray(from, to) }) };
}

async function search(text: string, wanted: string, limit = 1000) {
  const found = [];
  for (let from: number | null = 0; from !== null; ) {
    const answer = await findLines(holding(text), anywhere, { text: wanted, from, limit }, untilToldOtherwise);
    if (!answer.ok) throw new Error("it can be read");
    found.push(...answer.value.lines);
    from = answer.value.next;
  }
  return found;
}

const line = fc.array(fc.constantFrom("a", "b", "B", "ab", "ü", " "), { maxLength: 8 }).map((parts) => parts.join(""));

test("every line with the text in it is found once, with the place where it begins, in any number of steps", async () => {
  const lines = fc.array(line, { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      lines,
      fc.constantFrom("a", "ab", "b", "B", "ü"),
      fc.integer({ min: 1, max: 5 }),
      async (all, wanted, limit) => {
        const text = all.join("\n");
        const isExact = wanted !== wanted.toLowerCase();
        let at = 0;
        const expected = all.flatMap((one) => {
          const place = { at, text: one };
          at += Buffer.byteLength(one) + 1;
          return (isExact ? one : one.toLowerCase()).includes(wanted) ? [place] : [];
        });
        expect(await search(text, wanted, limit)).toEqual(expected);
      },
    ),
  );
});

test("lines across the borders of blocks are found, and of a long one what is around the text", async () => {
  const filler = `${"x".repeat(99)}\n`.repeat(30_000);
  const found = await search(`${filler}${"y".repeat(5000)}needle${"z".repeat(5000)}\n${filler}needle`, "needle");
  expect(found.map(({ at }) => at)).toEqual([filler.length, 2 * filler.length + 10_007]);
  expect(found[0]?.text).toMatch(/^y+needlez+$/);
  expect(found[0]?.text.length).toBe(400);
});

test("a line longer than a block is seen in pieces, none of it is left out", async () => {
  const found = await search(`${"x".repeat(3_000_000)}needle`, "needle");
  expect(found.map(({ text }) => text.endsWith("needle"))).toEqual([true]);
});
