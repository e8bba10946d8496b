import fc from "fast-check";
import { expect, test } from "vitest";
import { linearScale, logScale, scaleOf, wordScale } from "./scale.ts";

const finite = fc.double({ min: -1e12, max: 1e12, noNaN: true });

test("every value from the least to the most has its place, and is found again there", () => {
  fc.assert(
    fc.property(finite, finite, finite, (a, b, c) => {
      const [least, value, most] = [a, b, c].sort((x, y) => x - y) as [number, number, number];
      const scale = linearScale(least, most);
      const at = scale.at(value) ?? -1;
      expect(at).toBeGreaterThan(0);
      expect(at).toBeLessThan(1);
      expect(Math.abs(scale.valueAt(at) - value)).toBeLessThanOrEqual(
        1e-6 * Math.max(1, most - least, Math.abs(value)),
      );
    }),
  );
});

test("ticks stand on the axis, in order, each with a text of its own", () => {
  fc.assert(
    fc.property(finite, fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (least, span) => {
      fc.pre(Math.abs(least) < span * 1e6);
      const { ticks } = linearScale(least, least + span);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(9);
      expect(ticks.map(({ at }) => at)).toEqual(ticks.map(({ at }) => at).toSorted((a, b) => a - b));
      for (const { at } of ticks) expect(at >= -1e-6 && at <= 1 + 1e-6).toBe(true);
      expect(new Set(ticks.map(({ text }) => text)).size).toBe(ticks.length);
    }),
  );
});

test("numbers that people know are what stands at an axis", () => {
  expect(linearScale(0, 1).ticks.map(({ text }) => text)).toEqual(
    ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"].map((text) => (text === "0.0" ? "0" : text)),
  );
  expect(logScale(1e-5, 0.1).ticks.map(({ text }) => text)).toEqual(["1e-5", "1e-4", "0.001", "0.01", "0.1"]);
  expect(logScale(0.2, 0.9).ticks.map(({ text }) => text)).toEqual(["0.2", "0.5"]);
  expect(wordScale(["adam", "sgd"]).ticks).toEqual([
    { at: 0.25, text: "adam" },
    { at: 0.75, text: "sgd" },
  ]);
});

test("a few values stand at the axis themselves, as far as there is room", () => {
  expect(scaleOf([16, 64, 256, 64]).ticks.map(({ text }) => text)).toEqual(["16", "64", "256"]);
  expect(scaleOf([1, 1.01, 256]).ticks.map(({ text }) => text)).toEqual(["1", "256"]);
});

test("an axis is of the kind that its cells are", () => {
  expect(scaleOf([1, 2, 3, null]).kind).toBe("linear");
  expect(scaleOf([1e-5, 1e-1]).kind).toBe("log");
  expect(scaleOf([1e-5, 1e-1], false).kind).toBe("linear");
  expect(scaleOf([0, 1e5], true).kind).toBe("linear");
  expect(scaleOf(["adam", 3, "sgd"]).kind).toBe("words");
  expect(scaleOf([1, "NaN"]).kind).toBe("linear");
  expect(scaleOf([1, "NaN"]).at("NaN")).toBeNull();
  expect(scaleOf([]).ticks.length).toBeGreaterThan(1);
});
