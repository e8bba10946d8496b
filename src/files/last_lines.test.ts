import fc from "fast-check";
import { expect, test } from "vitest";
import { lastLines, type Stretch } from "./last_lines.ts";

function aStretch(bytes: Buffer): Stretch {
  return { size: bytes.length, read: async (from, to) => bytes.subarray(from, to) };
}

async function tailOf(text: string, count: number, maxBytes = 1e6) {
  const tail = await lastLines(aStretch(Buffer.from(text)), count, maxBytes);
  return { ...tail, bytes: tail.bytes.toString() };
}

test("the last lines are the last ones, with or without a newline at the end", async () => {
  expect((await tailOf("a\nb\nc\n", 2)).bytes).toBe("b\nc\n");
  expect((await tailOf("a\nb\nc", 2)).bytes).toBe("b\nc");
  expect((await tailOf("a\n\n\n", 2)).bytes).toBe("\n\n");
  expect(await tailOf("a\nb", 9)).toEqual({ from: 0, bytes: "a\nb", cut: false });
  expect(await tailOf("a\nb", 0)).toEqual({ from: 3, bytes: "", cut: false });
  expect(await tailOf("", 3)).toEqual({ from: 0, bytes: "", cut: false });
});

test("a line longer than the bound is cut at its front, between characters", async () => {
  const tail = await tailOf(`a\n${"é".repeat(100)}`, 1, 51);
  expect(tail).toEqual({ from: 2 + 200 - 50, bytes: "é".repeat(25), cut: true });
});

test("blocks do not show: any text gives what splitting all of it would", async () => {
  const line = fc.oneof(
    fc.string({ maxLength: 5, unit: fc.constantFrom("a", "é", " ") }),
    fc.nat(150_000).map((n) => "x".repeat(n)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
      async (lines, ends, count) => {
        const all = lines.map((text) => `${text}\n`);
        if (!ends && all.length > 0) all[all.length - 1] = (all.at(-1) ?? "").slice(0, -1);
        if (all.at(-1) === "") all.pop();
        const tail = await tailOf(all.join(""), count, 1e8);
        expect(tail).toMatchObject({ bytes: all.slice(-count).join(""), cut: false });
      },
    ),
    { numRuns: 200 },
  );
});
