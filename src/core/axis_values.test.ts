import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRange, valueSequence } from "./axis_values.ts";
import { isSpaceRefused, type SpaceProblem } from "./space_problem.ts";

function sequence(text: string) {
  const values = parseRange("x", text);
  if (!values || isSpaceRefused(values)) throw new Error(`${text} is no range`);
  const made = valueSequence("x", values);
  if (isSpaceRefused(made)) throw new Error(`${text} is refused`);
  return made;
}

function texts(text: string): string {
  const { count, at } = sequence(text);
  return Array.from({ length: count }, (_, i) => at(i).text).join(" ");
}

function refusal(text: string): SpaceProblem["code"] | "none" {
  const values = parseRange("x", text);
  return isSpaceRefused(values) ? values.problem.code : "none";
}

test("a range counts up or down in exact decimals and never beyond its end", () => {
  expect(texts("1..5")).toBe("1 2 3 4 5");
  expect(texts("5..1")).toBe("5 4 3 2 1");
  expect(texts("1..10:4")).toBe("1 5 9");
  expect(texts("5..1:-2")).toBe("5 3 1");
  expect(texts("0.1..0.5:0.1")).toBe("0.1 0.2 0.3 0.4 0.5");
  expect(texts("-0.5..0.5:0.25")).toBe("-0.5 -0.25 0 0.25 0.5");
  expect(texts("0.10..0.30:0.1")).toBe("0.1 0.2 0.3");
  expect(texts("1e-7..3e-7:1e-7")).toBe("1e-7 2e-7 3e-7");
  expect(texts("10000000000000000001..10000000000000000003")).toBe(
    "10000000000000000001 10000000000000000002 10000000000000000003",
  );
  expect(texts("3..3")).toBe("3");
  expect(texts(".1..0.3:.1")).toBe("0.1 0.2 0.3");
});

test("a log range has exact ends and the shortest decimals between them", () => {
  expect(texts("log:1e-3..1e-1:3")).toBe("0.001 0.01 0.1");
  expect(texts("log:1e-5..1e-1:5")).toBe("0.00001 0.0001 0.001 0.01 0.1");
  expect(texts("log:1..1024:11")).toBe("1 2 4 8 16 32 64 128 256 512 1024");
  expect(texts("log:100..1:3")).toBe("100 10 1");
  expect(texts("log:1e-9..1e-7:3")).toBe("1e-9 1e-8 1e-7");
  expect(texts("log:0.1234567890123456789..1:2")).toBe("0.1234567890123456789 1");
});

test("a linear range has evenly spaced values, both ends included", () => {
  expect(texts("lin:0..1:5")).toBe("0 0.25 0.5 0.75 1");
  expect(texts("lin:-1..1:3")).toBe("-1 0 1");
  expect(texts("lin:0..1:4")).toBe("0 0.333333333333 0.666666666667 1");
  expect(texts("lin:0.3..-0.3:7")).toBe("0.3 0.2 0.1 0 -0.1 -0.2 -0.3");
});

test("words that only resemble ranges are left alone", () => {
  for (const text of ["../data", "a..b", "1..", "..5", "2.0", "log:x", "lin", "1..x", "v1..2", "2.0..beta"]) {
    expect(parseRange("x", text), text).toBeNull();
  }
});

test("a range that cannot be computed is refused", () => {
  for (const text of [
    "1..5:0",
    "1..5:-1",
    "01..05",
    "log:0..1:5",
    "log:-1..1:5",
    "log:1..10:1",
    "log:1..10",
    "log:a..b:3",
    "lin:1..1:3",
    "log:1..1.0000000001:1000",
    "1e-999..1",
    "1..1e17",
    "lin:0..1e999:3",
    "1...3",
    "1..5..9",
    "1..5:",
    "1..5:x",
    "2026-01-01..2026-02-01",
  ]) {
    expect(refusal(text), text).toBe("bad_range");
  }
});

test("a million values cost nothing until they are asked for", () => {
  const million = sequence("1..1000000000000");
  expect(million.count).toBe(1e12);
  expect(million.at(999_999_999_999).text).toBe("1000000000000");
  expect(million.indexesOf("777777777777")).toEqual([777_777_777_776]);
});

test("every value of a range is found where it stands, and is valid JSON", () => {
  const decimal = fc.integer({ min: -500, max: 500 }).map((n) => String(n / 100));
  const range = fc
    .tuple(decimal, decimal, fc.constantFrom("1", "0.5", "0.03", "7"))
    .map(([from, to, step]) => `${from}..${to}:${step}`);
  const ends = fc.integer({ min: 1, max: 9 });
  const spaced = fc
    .tuple(fc.constantFrom("log", "lin"), ends, fc.integer({ min: -9, max: -2 }), fc.integer({ min: 2, max: 40 }))
    .map(([kind, digit, exponent, count]) => `${kind}:${digit}e${exponent}..${digit}:${count}`);
  fc.assert(
    fc.property(fc.oneof(range, spaced), (text) => {
      const { count, at, indexesOf } = sequence(text);
      const seen = new Set<string>();
      for (let i = 0; i < count; i += 1) {
        const value = at(i);
        expect(indexesOf(value.text)).toEqual([i]);
        const [mantissa = "", exponent = "0"] = value.text.split("e");
        expect(indexesOf(`${mantissa}${mantissa.includes(".") ? "0" : ".0"}E${exponent}`)).toEqual([i]);
        expect(JSON.parse(value.json)).toBe(Number(value.text));
        seen.add(value.text);
      }
      expect(seen.size).toBe(count);
    }),
  );
});
