import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDice } from "../../../test/helpers/dice.ts";
import { type LossReport, type ProgressReport, type Remaining, type RunSoFar, remainingOf } from "./remaining.ts";

test("the first source that can tell does: declared, progress, finished runs, loss", () => {
  const run = {
    ranSeconds: 100,
    declaredSeconds: 500,
    progress: paced([10, 10], 20),
    finishedSeconds: [300],
    losses: lossesAfter(20, 5),
  };
  expect(remainingOf(run)).toEqual({ seconds: 400, lowSeconds: 400, highSeconds: 400, source: "declared" });
  expect(remainingOf({ ...run, declaredSeconds: null })?.source).toBe("progress");
  expect(remainingOf({ ...run, declaredSeconds: null, progress: [] })?.source).toBe("finished");
  expect(sourceOf({ ...run, declaredSeconds: null, progress: [], finishedSeconds: [] })).toBe("convergence");
  expect(remainingOf({ ...run, declaredSeconds: null, progress: [], finishedSeconds: [], losses: [] })).toBeNull();
});

test("a run that has run for longer than its user said is told by the next source, or by none", () => {
  expect(remainingOf(aRun({ ranSeconds: 600, declaredSeconds: 500 }))).toBeNull();
  expect(sourceOf(aRun({ ranSeconds: 600, declaredSeconds: 500, finishedSeconds: [900] }))).toBe("finished");
  expect(remainingOf(aRun({ ranSeconds: 100, declaredSeconds: Number.NaN }))).toBeNull();
});

describe("progress", () => {
  test("a steady run takes as long again for each of what is left, and counts down between two reports", () => {
    const progress = paced([10, 10, 10], 10);
    expect(remainingOf(aRun({ ranSeconds: 30, progress }))).toMatchObject({ seconds: 70, lowSeconds: 70 });
    expect(remainingOf(aRun({ ranSeconds: 36, progress }))?.seconds).toBeCloseTo(64, 9);
  });

  test("one report tells no pace", () => {
    expect(remainingOf(aRun({ ranSeconds: 30, progress: [{ ranSeconds: 10, done: 1, of: 10 }] }))).toBeNull();
    expect(remainingOf(aRun({ ranSeconds: 30, progress: paced([], 10) }))).toBeNull();
  });

  test("what is soon over counts little: a slow start", () => {
    // Ten minutes to begin with, then 10 seconds each.
    const progress = paced([600, ...alike(10, 30)], 100);
    const found = remainingOf(aRun({ ranSeconds: 900, progress }));
    expect(found?.seconds).toBeGreaterThanOrEqual(690);
    expect(found?.seconds).toBeLessThan(690 * 1.25);
    expect(found?.lowSeconds).toBeCloseTo(690, 9);
  });

  test("a run that has become ten times as slow is soon believed", () => {
    const progress = paced([...alike(10, 50), ...alike(100, 12)], 100);
    const found = remainingOf(aRun({ ranSeconds: 1700, progress }));
    expect(found?.seconds).toBeGreaterThan(38 * 60);
    expect(found?.highSeconds).toBeCloseTo(3800, 9);
  });

  test("it is the mean of many, where every second one takes longer", () => {
    const progress = paced(
      alike(5, 60).map((seconds, at) => seconds + 10 * (at % 2)),
      100,
    );
    const found = remainingOf(aRun({ ranSeconds: 600, progress }));
    expect(Math.abs((found?.seconds ?? 0) / 400 - 1)).toBeLessThan(0.05);
    expect(found).toMatchObject({ lowSeconds: 200, highSeconds: 600 });
  });

  test("what is left may be less than what was done at once before", () => {
    const progress = [0, 30, 60, 90].map((done) => ({ ranSeconds: done, done, of: 100 }));
    expect(remainingOf(aRun({ ranSeconds: 94, progress }))?.seconds).toBeCloseTo(6, 9);
    expect(remainingOf(aRun({ ranSeconds: 110, progress }))?.seconds).toBeCloseTo(10, 9);
  });

  test("a report that is newer than the time it is asked at is of that time", () => {
    expect(remainingOf(aRun({ ranSeconds: 25, progress: paced([10, 10, 10], 10) }))?.seconds).toBeCloseTo(70, 9);
  });

  test("a run that stalls is taken to end later and later", () => {
    const progress = paced([10, 10, 10], 10);
    const stalledFor = (seconds: number) => remainingOf(aRun({ ranSeconds: 30 + seconds, progress }))?.seconds ?? 0;
    expect(stalledFor(10)).toBeCloseTo(60, 9);
    expect(stalledFor(70)).toBeCloseTo(120, 9);
    expect(stalledFor(3610)).toBeCloseTo(3660, 9);
  });

  test("a run that says the same again and again stalls too", () => {
    const same = [40, 50, 60].map((ranSeconds) => ({ ranSeconds, done: 3, of: 10 }));
    const run = aRun({ ranSeconds: 60, progress: [...paced([10, 10, 10], 10), ...same] });
    expect(remainingOf(run)?.seconds).toBeCloseTo(60 + 20, 9);
  });

  test("the last step, overdue, is never said to be over", () => {
    const progress = paced([10, 10, 10], 4);
    expect(remainingOf(aRun({ ranSeconds: 90, progress }))?.seconds).toBeCloseTo(50, 9);
  });

  test("a run that has done all and still runs is taken to need as long again as it has since", () => {
    const progress = paced([10, 10], 2);
    expect(remainingOf(aRun({ ranSeconds: 20, progress }))?.seconds).toBe(0);
    expect(remainingOf(aRun({ ranSeconds: 25, progress }))?.seconds).toBe(5);
  });

  test("a run that goes on from a checkpoint has more to do, at the pace it is known to have", () => {
    const progress = [...paced([10, 10, 10, 10, 10], 10), { ranSeconds: 80, done: 2, of: 10 }];
    expect(remainingOf(aRun({ ranSeconds: 80, progress }))?.seconds).toBeCloseTo(80, 9);
    const further = [...progress, { ranSeconds: 90, done: 3, of: 10 }];
    expect(remainingOf(aRun({ ranSeconds: 90, progress: further }))?.seconds).toBeCloseTo(70, 9);
  });

  test("a run that begins to count something else is not told by what it counted before", () => {
    const progress = [...paced(alike(0.1, 500), 500), { ranSeconds: 50, done: 0, of: 10 }];
    expect(remainingOf(aRun({ ranSeconds: 60, progress }))).toBeNull();
    const further = [...progress, { ranSeconds: 80, done: 1, of: 10 }];
    expect(remainingOf(aRun({ ranSeconds: 80, progress: further }))?.seconds).toBeCloseTo(270, 9);
  });

  test("a run that has more to do than it thought has more to do; the last word counts", () => {
    const progress = [...paced([10, 10], 10), { ranSeconds: 30, done: 3, of: 20 }];
    expect(remainingOf(aRun({ ranSeconds: 30, progress }))?.seconds).toBeCloseTo(170, 9);
  });

  test("a run that has done more than all, or does not say what all is, is not told by it", () => {
    const [over, unknown] = [paced([10, 10, 10], 2), paced([10, 10], null)];
    expect(remainingOf(aRun({ ranSeconds: 31, progress: over }))).toBeNull();
    expect(remainingOf(aRun({ ranSeconds: 31, progress: unknown }))).toBeNull();
    expect(sourceOf(aRun({ ranSeconds: 31, progress: over, finishedSeconds: [50] }))).toBe("finished");
  });

  test("the range is where half of the recent paces lie, and a steadier run has a closer one", () => {
    const widthWith = (spread: number) => {
      const dice = openDice(3);
      const progress = paced(
        alike(10, 50).map((seconds) => seconds + spread * dice.even()),
        100,
      );
      const found = remainingOf(aRun({ ranSeconds: progress.at(-1)?.ranSeconds ?? 0, progress }));
      return (found?.highSeconds ?? 0) - (found?.lowSeconds ?? 0);
    };
    expect(widthWith(8)).toBeGreaterThan(3 * widthWith(2));
    expect(widthWith(8)).toBeLessThan(50 * 8);
  });

  test("reports of one moment, and such as go back in time, count with the next", () => {
    const progress = [0, 10, 10, 8, 40].map((ranSeconds, done) => ({ ranSeconds, done, of: 10 }));
    expect(remainingOf(aRun({ ranSeconds: 40, progress }))?.seconds).toBeCloseTo(60, 9);
  });
});

describe("finished runs", () => {
  test("the median of those that took longer than it has by now, and their quartiles", () => {
    const finishedSeconds = [400, 100, 300, 200, 50];
    const before = { seconds: 200, lowSeconds: 87.5, highSeconds: 325, source: "finished" };
    expect(remainingOf(aRun({ ranSeconds: 0, finishedSeconds }))).toEqual(before);
    const later = { seconds: 180, lowSeconds: 105, highSeconds: 255, source: "finished" };
    expect(remainingOf(aRun({ ranSeconds: 120, finishedSeconds }))).toEqual(later);
  });

  test("a run that has run for longer than all of them is not told by them", () => {
    expect(remainingOf(aRun({ ranSeconds: 400, finishedSeconds: [400, 100] }))).toBeNull();
    expect(remainingOf(aRun({ ranSeconds: 0, finishedSeconds: [] }))).toBeNull();
  });
});

describe("loss", () => {
  test("the epochs up to convergence, at the pace of those that were", () => {
    // Converged after 25.4 epochs.
    const found = remainingOf(aRun({ ranSeconds: 20 * 7, losses: lossesAfter(20, 7) }));
    expect(found?.seconds).toBeGreaterThan(5.3 * 7);
    expect(found?.seconds).toBeLessThan(5.5 * 7);
  });

  test("three losses tell it, with a wide range", () => {
    const found = remainingOf(aRun({ ranSeconds: 14, losses: lossesAfter(2, 7) })) ?? NONE;
    expect(found.lowSeconds).toBeLessThan(found.seconds / 2);
    expect(found.highSeconds).toBeGreaterThan(found.seconds * 1.5);
  });

  test("a run that goes on though its loss has converged is not told by it, nor is one whose loss rises", () => {
    expect(remainingOf(aRun({ ranSeconds: 400, losses: lossesAfter(40, 10) }))).toBeNull();
    const rising = lossesAfter(20, 5).map((report, at) => ({ ...report, loss: at }));
    expect(remainingOf(aRun({ ranSeconds: 100, losses: rising }))).toBeNull();
  });
});

test("whatever is reported, what is said is a time with its range, or nothing", () => {
  const number = fc.oneof(fc.nat(10), fc.double(), fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1));
  const few = <T>(items: fc.Arbitrary<T>) => fc.array(items, { maxLength: 8 });
  const run = fc.record({
    ranSeconds: number,
    declaredSeconds: fc.option(number),
    progress: few(fc.record({ ranSeconds: number, done: number, of: fc.option(number) })),
    finishedSeconds: few(number),
    losses: few(fc.record({ ranSeconds: number, epoch: number, loss: number })),
  });
  const told = new Set<string>();
  fc.assert(
    fc.property(run, (run) => {
      const found = remainingOf(run);
      if (found === null) return;
      const { lowSeconds, seconds, highSeconds } = found;
      told.add(found.source);
      expect(0 <= lowSeconds && lowSeconds <= seconds && seconds <= highSeconds).toBe(true);
      expect(Number.isFinite(highSeconds)).toBe(true);
    }),
    { numRuns: 5000, seed: 1 },
  );
  expect([...told].sort()).toEqual(["convergence", "declared", "finished", "progress"]);
});

const NONE: Remaining = { seconds: 0, lowSeconds: 0, highSeconds: 0, source: "declared" };

function aRun(facts: Partial<RunSoFar>): RunSoFar {
  return { ranSeconds: 0, declaredSeconds: null, progress: [], finishedSeconds: [], losses: [], ...facts };
}

function sourceOf(run: RunSoFar): string | undefined {
  return remainingOf(run)?.source;
}

function alike(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}

/** A report of 0 at once, and one more done after each so many seconds. */
function paced(seconds: readonly number[], of: number | null): ProgressReport[] {
  let ranSeconds = 0;
  const reports: ProgressReport[] = [{ ranSeconds, done: 0, of }];
  for (const [at, more] of seconds.entries()) {
    ranSeconds += more;
    reports.push({ ranSeconds, done: at + 1, of });
  }
  return reports;
}

/** The loss of each epoch up to `last`. */
function lossesAfter(last: number, secondsPerEpoch: number): LossReport[] {
  return Array.from({ length: last + 1 }, (_, epoch) => ({
    ranSeconds: epoch * secondsPerEpoch,
    epoch,
    loss: 1 / (0.2 * epoch + 0.5) + 0.3,
  }));
}
