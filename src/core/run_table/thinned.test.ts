import fc from "fast-check";
import { expect, test } from "vitest";
import { openCurveReader } from "./curve_reader.ts";
import { type Curve, thinned } from "./thinned.ts";

const curve: fc.Arbitrary<Curve> = fc
  .array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true }), { freq: 8 }), { maxLength: 400 })
  .map((y) => ({ x: y.map((_, at) => at), y }));
const most = fc.integer({ min: 5, max: 100 });

test("a thinned curve is part of the curve, in order, with its ends, its extremes and its gaps", () => {
  fc.assert(
    fc.property(curve, most, (whole, most) => {
      const { x, y } = thinned(whole, most);
      expect(x.length).toBeLessThanOrEqual(most);
      expect(x.length).toBe(y.length);
      expect(x).toEqual([...new Set(x)].sort((a, b) => a - b));
      for (const [at, place] of x.entries()) expect(y[at]).toBe(whole.y[place]);
      if (whole.x.length === 0) return;
      expect([x[0], x.at(-1)]).toEqual([0, whole.x.length - 1]);
      const numbers = whole.y.filter((value) => value !== null);
      if (numbers.length > 0) {
        expect(y).toContain(Math.min(...numbers));
        expect(y).toContain(Math.max(...numbers));
      }
      expect(y.includes(null)).toBe(whole.y.includes(null));
    }),
  );
});

test("a curve that is short enough stays as it is", () => {
  fc.assert(
    fc.property(curve, (whole) => {
      expect(thinned(whole, 400)).toEqual(whole);
    }),
  );
});

function lines(count: number, value: (step: number) => number | string): string {
  return Array.from({ length: count }, (_, step) => {
    return `${JSON.stringify({ t: 1_700_000_000 + step / 2, kind: "metric", step, values: { loss: value(step) } })}\n`;
  }).join("");
}

function take(reader: ReturnType<typeof openCurveReader>, text: string): void {
  for (const _ of reader.take(text));
}

test("one metric is read out of an events file, other lines and torn ones aside", () => {
  const reader = openCurveReader("loss", "step");
  take(
    reader,
    `${lines(3, (step) => (step === 1 ? "NaN" : step))}{"kind":"metric","values":{"lossy":1}}\n{"kind":"log","text":"\\"loss\\""}\n{torn`,
  );
  expect(reader.curve(300)).toEqual({ x: [0, 1, 2], y: [0, null, 2] });
  expect(reader.points()).toBe(3);
});

test("over time, a curve begins at 0 seconds", () => {
  const reader = openCurveReader("loss", "seconds");
  take(
    reader,
    lines(3, (step) => step),
  );
  expect(reader.curve(300).x).toEqual([0, 0.5, 1]);
});

test("however long a curve grows, its extremes stay and little of it is held", () => {
  const reader = openCurveReader("loss", "step");
  for (let part = 0; part < 5; part += 1)
    take(
      reader,
      lines(20_000, (step) => (part === 1 && step === 7 ? -1e9 : step)),
    );
  const { x, y } = reader.curve(300);
  expect(x.length).toBeLessThanOrEqual(300);
  expect(y).toContain(-1e9);
  expect(reader.points()).toBe(100_000);
});
