import { expect, test } from "vitest";
import { syntheticTrace } from "./synthetic.ts";
import type { TraceJob } from "./trace.ts";

const usual = { seed: 7, jobs: 500, gpus: 64, load: 0.9 };

test("the same seed gives the same jobs, another one others", () => {
  expect(syntheticTrace(usual)).toEqual(syntheticTrace(usual));
  expect(syntheticTrace({ ...usual, seed: 8 })).not.toEqual(syntheticTrace(usual));
});

test("a seed gives these jobs on every machine and in every version", () => {
  expect(syntheticTrace({ ...usual, jobs: 3 })).toMatchInlineSnapshot(`
    [
      {
        "durationSeconds": 1752,
        "gpus": 4,
        "id": "0",
        "priority": 30,
        "submittedAt": 0,
        "user": "user1",
      },
      {
        "durationSeconds": 449,
        "gpus": 16,
        "id": "1",
        "priority": 30,
        "submittedAt": 270,
        "user": "user1",
      },
      {
        "durationSeconds": 4108,
        "gpus": 4,
        "id": "2",
        "priority": 30,
        "submittedAt": 435,
        "user": "user3",
      },
    ]
  `);
});

test.each([
  { load: 0.3 },
  { load: 0.9 },
  { load: 1.5 },
  { load: 0.9, gpus: 1 },
  { load: 0.9, seed: 1, jobs: 20_000 },
])("the GPUs have to do as asked while jobs come: %j", (given) => {
  const settings = { ...usual, ...given };
  const trace = syntheticTrace(settings);
  const service = trace.reduce((sum, { gpus, durationSeconds }) => sum + gpus * durationSeconds, 0);
  // The last job does not come at the very end.
  const load = service / (settings.gpus * (trace.at(-1)?.submittedAt ?? 0));
  expect(load / settings.load).toBeGreaterThan(0.99);
  expect(load / settings.load).toBeLessThan(1.02);
});

test("jobs are like those of a shared cluster", () => {
  const trace = syntheticTrace({ ...usual, jobs: 20_000 });
  const share = (is: (job: TraceJob) => boolean) => trace.filter(is).length / trace.length;
  expect(share(({ gpus }) => gpus === 1)).toBeCloseTo(0.6, 1);
  expect(share(({ gpus }) => gpus >= 16)).toBeGreaterThan(0.02);
  expect(share(({ gpus }) => gpus >= 16)).toBeLessThan(0.06);
  expect(share(({ durationSeconds }) => durationSeconds <= 1800)).toBeCloseTo(0.5, 1);
  expect(share(({ durationSeconds }) => durationSeconds > 6 * 3600)).toBeCloseTo(0.05, 2);
  expect(share(({ user }) => user === "user1")).toBeGreaterThan(3 * share(({ user }) => user === "user5"));
});

test("gaps between jobs are exponential: a Poisson process", () => {
  const times = syntheticTrace({ ...usual, jobs: 20_000, load: 0.05 }).map(({ submittedAt }) => submittedAt);
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  for (const times of [0.2, 1, 3])
    expect(gaps.filter((gap) => gap > times * mean).length / gaps.length).toBeCloseTo(Math.exp(-times), 1.5);
});

test("no job asks for more than half of the GPUs, but for one", () => {
  for (const [gpus, most] of [
    [1, 1],
    [2, 1],
    [5, 2],
    [40, 16],
    [1000, 64],
  ] as const)
    expect(Math.max(...syntheticTrace({ ...usual, gpus, jobs: 5000 }).map((job) => job.gpus))).toBe(most);
});

test("as many jobs are elastic as was asked for, and they are the same otherwise", () => {
  const settings = { ...usual, jobs: 5000 };
  const half = syntheticTrace({ ...settings, elastic: 0.5 });
  expect(half.filter(({ elastic }) => elastic).length / 5000).toBeCloseTo(0.5, 1);
  expect(half.map(({ elastic, ...job }) => job)).toEqual(syntheticTrace(settings));
  for (const { gpus, elastic } of syntheticTrace({ ...settings, elastic: 1 })) {
    expect(elastic).toMatchObject({ min: 1 });
    expect(elastic?.max).toBeGreaterThanOrEqual(gpus);
    expect(elastic?.max).toBeLessThanOrEqual(32);
    expect(elastic?.serial).toBeGreaterThanOrEqual(0.01);
    expect(elastic?.serial).toBeLessThanOrEqual(0.1);
  }
});
