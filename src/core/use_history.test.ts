import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GpuUse, machinesTogether, oneLook, together, UNWATCHED } from "./gpu_use.ts";
import {
  coarseGrain,
  fineGrain,
  seriesOf,
  startOf,
  type UseSample,
  type UseWindow,
  windowBack,
  windowOf,
} from "./use_history.ts";

const NOW = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

const share = fc.integer({ min: 0, max: 1000 }).map((thousandths) => thousandths / 1000);
const bytes = fc.option(fc.integer({ min: 0, max: 80 * 1024 ** 3 }));
const use: fc.Arbitrary<GpuUse> = fc
  .array(fc.tuple(fc.option(share), bytes), { minLength: 1, maxLength: 4 })
  .map((looks) => looks.map((look) => oneLook(...look)).reduce(together))
  .chain((seen) =>
    fc.record({ heldMs: fc.nat(MINUTE_MS), idleMs: fc.nat(MINUTE_MS) }).map((had) => ({ ...seen, ...had })),
  );
const sample: fc.Arbitrary<UseSample> = fc.record({
  at: fc.integer({ min: -20, max: 140 }).map((minute) => NOW + minute * MINUTE_MS),
  gpus: fc.dictionary(fc.constantFrom("0", "1", "2", "10"), use).map((gpus) => new Map(Object.entries(gpus))),
});
const window: fc.Arbitrary<UseWindow> = fc.record({
  grain: fc.constant(fineGrain),
  from: fc.integer({ min: 0, max: 60 }).map((minute) => NOW + minute * MINUTE_MS),
  stepMs: fc.integer({ min: 1, max: 30 }).map((minutes) => minutes * MINUTE_MS),
  points: fc.integer({ min: 1, max: 40 }),
});

function highest(values: readonly (number | null)[]): number | null {
  return values.reduce((max, value) => (value === null ? max : Math.max(max ?? value, value)), null);
}

describe("a series of points", () => {
  test("loses no peak, no byte and no second of what lies in its window, and adds none", () => {
    fc.assert(
      fc.property(fc.array(sample), window, (samples, window) => {
        const { from, stepMs, points } = window;
        const inside = samples.filter(({ at }) => at >= from && at < from + points * stepMs);
        const series = seriesOf(samples, window);
        expect(new Set(series.map(({ index }) => index))).toEqual(
          new Set(inside.flatMap(({ gpus }) => [...gpus.keys()])),
        );
        for (const { index, peak, usedBytes, heldMs, idleMs } of series) {
          const uses = inside.flatMap(({ gpus }) => gpus.get(index) ?? []);
          expect(highest(peak)).toBe(highest(uses.map((one) => (one.looks === 0 ? null : one.peak))));
          expect(highest(usedBytes)).toBe(highest(uses.map((one) => one.usedBytes)));
          expect(heldMs).toBe(uses.reduce((sum, one) => sum + one.heldMs, 0));
          expect(idleMs).toBe(uses.reduce((sum, one) => sum + one.idleMs, 0));
        }
      }),
    );
  });

  test("has a gap exactly where nobody has looked, and no mean beyond what was seen", () => {
    fc.assert(
      fc.property(fc.array(sample), window, (samples, window) => {
        for (const { index, utilization, peak } of seriesOf(samples, window)) {
          expect(utilization).toHaveLength(window.points);
          for (const [point, mean] of utilization.entries()) {
            const start = window.from + point * window.stepMs;
            const looks = samples
              .filter(({ at }) => at >= start && at < start + window.stepMs)
              .flatMap(({ gpus }) => gpus.get(index) ?? [])
              .filter((one) => one.looks > 0);
            expect(mean === null).toBe(looks.length === 0);
            if (mean === null) continue;
            expect(mean).toBeLessThanOrEqual((peak[point] ?? 0) + 1e-9);
            expect(mean).toBeGreaterThanOrEqual(Math.min(...looks.map((one) => one.mean)) - 1e-9);
          }
        }
      }),
    );
  });

  test("is the same in whichever order its samples come, and when some were taken together before", () => {
    fc.assert(
      fc.property(fc.array(sample), window, (samples, window) => {
        const rough = (series: ReturnType<typeof seriesOf>) =>
          series.map((one) => ({ ...one, utilization: one.utilization.map((mean) => mean && Math.round(1e6 * mean)) }));
        const once = rough(seriesOf(samples, window));
        expect(rough(seriesOf(samples.toReversed(), window))).toEqual(once);
        const byMinute = Map.groupBy(samples, ({ at }) => at);
        const byMinutes = [...byMinute].map(([at, some]) => {
          return { at, gpus: some.map(({ gpus }) => gpus).reduce(machinesTogether, new Map()) };
        });
        expect(rough(seriesOf(byMinutes, window))).toEqual(once);
      }),
    );
  });

  test("lists GPUs as people count them", () => {
    const gpus = new Map(["10", "2", "0"].map((index) => [index, UNWATCHED]));
    const series = seriesOf([{ at: NOW, gpus }], { grain: fineGrain, from: NOW, stepMs: MINUTE_MS, points: 1 });
    expect(series.map(({ index }) => index)).toEqual(["0", "2", "10"]);
  });
});

describe("a window", () => {
  test("covers the time asked for in as many points as were asked for at most, each of whole stretches", () => {
    const ago = fc.integer({ min: 0, max: 7 * 24 * HOUR_MS });
    fc.assert(
      fc.property(ago, ago, fc.integer({ min: 1, max: 2000 }), (one, other, most) => {
        const [since, until] = [NOW - Math.max(one, other), NOW - Math.min(one, other)];
        const { grain, from, stepMs, points } = windowOf(since, until, most, NOW);
        expect(points).toBeGreaterThan(0);
        expect(points).toBeLessThanOrEqual(most);
        expect(from).toBe(startOf(grain, since));
        expect(stepMs % grain.spanMs).toBe(0);
        expect(from + points * stepMs).toBeGreaterThanOrEqual(until);
        expect(from + (points - 1) * stepMs).toBeLessThan(Math.max(until, from + 1));
      }),
    );
  });

  test("back from now shows as long a time as was asked for, the stretch of now at its end", () => {
    const back = fc.integer({ min: 1, max: 168 }).map((hours) => hours * HOUR_MS);
    fc.assert(
      fc.property(back, fc.integer({ min: 1, max: 2000 }), fc.nat(HOUR_MS), (backMs, most, more) => {
        const now = NOW + more;
        const { grain, from, stepMs, points } = windowBack(backMs, most, now);
        expect(points).toBeLessThanOrEqual(most);
        expect(stepMs % grain.spanMs).toBe(0);
        expect(from + points * stepMs).toBe(startOf(grain, now) + grain.spanMs);
        expect(points * stepMs).toBeGreaterThanOrEqual(backMs);
      }),
    );
    expect(windowBack(6 * HOUR_MS, 36, NOW)).toMatchObject({ grain: coarseGrain, stepMs: 600_000, points: 36 });
    expect(windowBack(HOUR_MS, 60, NOW)).toMatchObject({ grain: fineGrain, stepMs: MINUTE_MS, points: 60 });
  });

  test("goes by minutes where they are kept and wanted, and by ten of them otherwise", () => {
    expect(windowOf(NOW - HOUR_MS, NOW, 60, NOW).grain).toBe(fineGrain);
    expect(windowOf(NOW - 6 * HOUR_MS, NOW, 36, NOW).grain).toBe(coarseGrain);
    expect(windowOf(NOW - 6 * HOUR_MS, NOW, 100, NOW).grain).toBe(fineGrain);
    const twoDaysAgo = NOW - 48 * HOUR_MS;
    expect(windowOf(twoDaysAgo, twoDaysAgo + HOUR_MS, 60, NOW)).toMatchObject({ grain: coarseGrain, stepMs: 600_000 });
  });
});
