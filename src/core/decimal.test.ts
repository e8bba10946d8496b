import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDecimal, numberKey, parseDecimal } from "./decimal.ts";

test("numbers are written as JavaScript writes them, whatever their size", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const decimal = parseDecimal(String(number));
      expect(decimal && formatDecimal(decimal)).toBe(Object.is(number, -0) ? "0" : String(number));
    }),
  );
});

test("every digit is kept where a double would lose some", () => {
  expect(numberKey("12345678901234567890")).toBe("12345678901234567890");
  expect(numberKey("0.10000000000000000555")).toBe("0.10000000000000000555");
  expect(numberKey("12345678901234567890")).not.toBe(numberKey("12345678901234567891"));
});

test("all ways to write one number have one key", () => {
  for (const ways of [
    ["0.1", "0.10", "1e-1", "+.1", "10E-2"],
    ["0", "-0", "0.00", "0e9"],
    ["100", "1e2", "100.", "1.0e+2"],
    ["-7", "-7.0"],
  ]) {
    expect(new Set(ways.map(numberKey)).size, ways.join(" ")).toBe(1);
  }
});

test("what is not a number has no key", () => {
  for (const text of ["", "007", "1_000", "0x10", "1.2.3", ".", "e5", "-", "NaN", "Infinity", " 1", "1e", "true"]) {
    expect(numberKey(text), text).toBeNull();
  }
});
