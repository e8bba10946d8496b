import { expect, test } from "vitest";
import { openOutlook, type SeenJob, type SeenRun } from "./outlook.ts";
import type { JobId } from "./run.ts";

function aRun(n: number, changes: Partial<SeenRun> = {}): SeenRun {
  return { job: 1 as JobId, n, ranSeconds: 10, progress: null, metrics: {}, workers: 1, ...changes };
}

function aJob(changes: Partial<SeenJob> = {}): SeenJob {
  return { job: 1 as JobId, declaredSeconds: null, finishedSeconds: [], waiting: 0, ...changes };
}

test("where nothing tells, nothing is told", () => {
  const outlook = openOutlook();
  outlook.see([aRun(1)], [aJob()]);
  expect([outlook.run(1, 1), outlook.job(1), outlook.wholeRun(1)]).toEqual([null, null, null]);
});

test("a run goes by its progress, as it was seen again and again", () => {
  const outlook = openOutlook();
  for (let second = 1; second <= 5; second += 1) {
    outlook.see([aRun(1, { ranSeconds: 10 * second, progress: { done: second, of: 20 } })], [aJob()]);
  }
  expect(outlook.run(1, 1)).toMatchObject({ seconds: 150, source: "progress" });
  expect(outlook.job(1)).toMatchObject({ seconds: 150, source: "progress" });
});

test("a job takes as long as its runs in their turns, and no shorter than the longest of them", () => {
  const outlook = openOutlook();
  const runs = [aRun(1, { ranSeconds: 10 }), aRun(2, { ranSeconds: 50 })];
  outlook.see(runs, [aJob({ declaredSeconds: 100, waiting: 3 })]);
  expect(outlook.job(1)).toMatchObject({ seconds: (90 + 50 + 300) / 2, source: "declared" });
  outlook.see(runs, [aJob({ declaredSeconds: 100 })]);
  expect(outlook.job(1)?.seconds).toBe(90);
  expect(outlook.wholeRun(1)).toBe(100);
});

test("runs that finished tell for the others, and those that are over are forgotten", () => {
  const outlook = openOutlook();
  outlook.see([aRun(4)], [aJob({ finishedSeconds: [20, 30, 40], waiting: 1 })]);
  expect(outlook.run(1, 4)).toMatchObject({ seconds: 20, source: "finished" });
  expect(outlook.wholeRun(1)).toBe(30);
  outlook.see([], []);
  expect([outlook.run(1, 4), outlook.wholeRun(1)]).toEqual([null, null]);
});

test("a loss that falls tells, with its epochs", () => {
  const outlook = openOutlook();
  for (let epoch = 1; epoch <= 12; epoch += 1) {
    const metrics = { epoch, loss: 1 / (0.5 * epoch + 0.2) + 0.1 };
    outlook.see([aRun(1, { ranSeconds: 60 * epoch, metrics })], [aJob()]);
  }
  expect(outlook.run(1, 1)).toMatchObject({ source: "convergence" });
  expect(outlook.run(1, 1)?.seconds).toBeGreaterThan(60);
});

test("many reports cost no more than some", () => {
  const outlook = openOutlook();
  for (let step = 1; step <= 10_000; step += 1) {
    outlook.see([aRun(1, { ranSeconds: step, progress: { done: step, of: 20_000 } })], [aJob()]);
  }
  expect(outlook.run(1, 1)?.seconds).toBeCloseTo(10_000, -2);
});

test("however many report their losses in each look, all are told in time", () => {
  const outlook = openOutlook();
  const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
  for (let epoch = 1; epoch <= 20; epoch += 1) {
    const metrics = { epoch, loss: 1 / (0.5 * epoch + 0.2) + 0.1 };
    outlook.see(
      numbers.map((n) => aRun(n, { ranSeconds: 60 * epoch, metrics })),
      [aJob()],
    );
  }
  expect(numbers.map((n) => outlook.run(1, n)?.source)).toEqual(numbers.map(() => "convergence"));
});

test("how fast runs are with so many workers is told by what they have done since with as many", () => {
  const outlook = openOutlook();
  const see = (ranSeconds: number, done: number, workers: number) =>
    outlook.see([aRun(1, { ranSeconds, progress: { done, of: 1000 }, workers })], [aJob()]);
  see(0, 0, 1);
  see(10, 20, 1);
  // What was done while there were some more of them tells of neither.
  see(20, 50, 2);
  see(30, 80, 2);
  expect([outlook.speed(1, 1), outlook.speed(1, 2)]).toEqual([2, 3]);
  outlook.see([], []);
  expect(outlook.speed(1, 1)).toBe(1);
});
