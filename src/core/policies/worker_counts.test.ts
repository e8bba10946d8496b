import { expect, test } from "vitest";
import { type Dice, openDice } from "../../../test/helpers/dice.ts";
import { fitSpeed } from "../estimates/speed_model.ts";
import { allocateWorkers, type ElasticJob, gainOf, type WorkerCount } from "./worker_counts.ts";

const GPU = { gpus: 1, cpus: 0, memoryBytes: 0 };

test("the worked example: a worker saves more for its share than a server", () => {
  const theta = [0.01, 0.1, 0.2, 0.05, 0.02];
  const speed = (w: number, p: number) => 1 / (1.28 / w + 0.1 + (0.2 * w) / p + 0.05 * w + 0.02 * p);
  const counts = [1, 2, 3].flatMap((workers) => [1, 2].map((servers) => ({ workers, servers })));
  const points = counts.map((count) => ({ ...count, stepsPerSecond: speed(count.workers, count.servers) }));
  const model = fitSpeed("synchronous_servers", points, 128);
  expect(model?.theta.map((value) => Number(value.toFixed(6)))).toEqual(theta);

  const job = aJob({
    max: 2,
    remainingSteps: 10,
    speed: (workers, servers) => model?.stepsPerSecond(workers, servers) ?? Number.NaN,
    worker: { gpus: 1, cpus: 3, memoryBytes: 0 },
    server: { gpus: 0, cpus: 3, memoryBytes: 0 },
  });
  const [one, serverMore, workerMore] = [count(1, 1), count(1, 2), count(2, 1)];
  const capacity = { gpus: 1, cpus: 8, memoryBytes: 0 };
  expect(gainOf(job, one, workerMore, capacity)).toBeCloseTo(3.9, 9);
  // Of 8 cores it takes 3; a core alone, as the paper counts, would save 0.2667.
  expect(gainOf(job, one, serverMore, capacity)).toBeCloseTo(0.8 / (3 / 8), 9);
  expect(gainOf(job, one, serverMore, capacity) / 8).toBeCloseTo(0.2667, 4);
  // After the first worker and server there is room for one more of either.
  expect(allocateWorkers([job], { gpus: 2, cpus: 9, memoryBytes: 0 })).toEqual([workerMore]);
  expect(allocateWorkers([{ ...job, max: 1 }], { gpus: 2, cpus: 9, memoryBytes: 0 })).toEqual([serverMore]);
});

test("no way to share out the GPUs ends sooner in all, where each worker more helps less than the one before", () => {
  let saved = 0;
  for (let seed = 1; seed <= 1000; seed += 1) {
    const dice = openDice(seed);
    const gpus = dice.whole(1, 8);
    const jobs = Array.from({ length: dice.whole(1, 4) }, () => aRandomJob(dice));
    const shared = allocateWorkers(jobs, pool(gpus)).map(({ workers }) => workers);
    if (shared.every((workers) => workers === 0)) continue;
    // The least for each is not in question.
    const runs = jobs.filter((_, at) => (shared[at] ?? 0) > 0);
    const best = Math.min(...allWays(runs, gpus).map((ways) => secondsInAll(runs, ways)));
    const found = secondsInAll(
      runs,
      shared.filter((workers) => workers > 0),
    );
    expect(found / best).toBeCloseTo(1, 9);
    const least = runs.map(({ min }) => min);
    if (found < secondsInAll(runs, least)) saved += 1;
  }
  expect(saved).toBeGreaterThan(500);
});

test("each gets its least by arrival, or none; nothing is given twice, and what is given is used", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const dice = openDice(seed);
    const jobs = Array.from({ length: dice.whole(1, 12) }, () => {
      const worker = { gpus: dice.whole(0, 2), cpus: dice.whole(0, 30) / 10, memoryBytes: dice.whole(0, 4) * 2 ** 30 };
      const server = dice.even() < 0.3 ? { gpus: 0, cpus: dice.whole(1, 20) / 10, memoryBytes: 2 ** 30 } : null;
      return { ...aRandomJob(dice), worker, server };
    });
    const capacity = { gpus: dice.whole(0, 24), cpus: dice.whole(0, 40), memoryBytes: dice.whole(4, 40) * 2 ** 30 };
    const counts = allocateWorkers(jobs, capacity);
    expect(allocateWorkers(jobs, capacity)).toEqual(counts);

    const used = { gpus: 0, cpus: 0, memoryBytes: 0 };
    const least = { gpus: 0, cpus: 0, memoryBytes: 0 };
    for (const [at, job] of jobs.entries()) {
      const { workers, servers } = counts[at] ?? count(0);
      let leastFits = true;
      for (const resource of ["gpus", "cpus", "memoryBytes"] as const) {
        const ofServer = job.server?.[resource] ?? 0;
        used[resource] += workers * job.worker[resource] + servers * ofServer;
        const asked = job.min * job.worker[resource] + ofServer;
        leastFits &&= least[resource] + asked <= capacity[resource] + 1e-6;
      }
      expect(workers > 0).toBe(leastFits);
      if (!leastFits) {
        expect(servers).toBe(0);
        continue;
      }
      for (const resource of ["gpus", "cpus", "memoryBytes"] as const) {
        least[resource] += job.min * job.worker[resource] + (job.server?.[resource] ?? 0);
      }
      expect(workers).toBeGreaterThanOrEqual(job.min);
      expect(workers).toBeLessThanOrEqual(Math.max(job.min, job.max));
      expect(servers >= 1).toBe(job.server !== null);
    }
    for (const resource of ["gpus", "cpus", "memoryBytes"] as const) {
      expect(used[resource]).toBeLessThanOrEqual(capacity[resource] * (1 + 1e-6));
    }
  }
});

test("a job that only gains with 8 workers gets there, or stays with one where 8 do not fit", () => {
  const late = aJob({ max: 16, speed: (workers) => (workers < 8 ? 1 : 6) });
  expect(workersOf([late], 16)).toEqual([8]);
  expect(workersOf([late], 8)).toEqual([8]);
  expect(workersOf([late], 7)).toEqual([1]);
  expect(workersOf([{ ...late, max: 11, speed: (workers) => (workers < 11 ? 1 : 6) }], 16)).toEqual([11]);
  // It competes with its gain for each of them: (100 − 100/6)/7 seconds are more than the other's from 3 to 4.
  const other = aJob({ max: 16, speed: (workers) => workers });
  expect(workersOf([other, late], 12)).toEqual([4, 8]);
});

test("a step too large for what is left makes way for a smaller one of its job", () => {
  const leaping = aJob({ max: 8, speed: (workers) => (workers < 8 ? workers ** 0.1 : 100) });
  expect(workersOf([leaping, aJob({ max: 1 })], 5)).toEqual([4, 1]);
});

test("workers that make a job slower, or nothing faster, are not given", () => {
  const best = aJob({ max: 16, speed: (workers) => 1 / (10 / workers + workers) });
  expect(workersOf([best], 16)).toEqual([3]);
  expect(workersOf([aJob({ max: 16, speed: () => 1 })], 16)).toEqual([1]);
  expect(workersOf([aJob({ max: 16, remainingSteps: 0 })], 16)).toEqual([1]);
  expect(workersOf([aJob({ max: 16, speed: () => Number.NaN })], 16)).toEqual([1]);
});

test("a count changes where that saves more than a resize takes, and only there", () => {
  // With 4 it takes 100/4 seconds, with 5 it takes 5 less.
  const job = (resizeSeconds: number) =>
    aJob({ max: 5, current: count(4), resizeSeconds, speed: (workers) => workers });
  expect(workersOf([job(4.9)], 8)).toEqual([5]);
  expect(workersOf([job(5.1)], 8)).toEqual([4]);
});

test("a count that only pays as a whole stays, though it is no power of two", () => {
  const job = aJob({ max: 16, current: count(6), resizeSeconds: 10, speed: (workers) => (workers < 6 ? 1 : 6) });
  expect(workersOf([job], 16)).toEqual([6]);
  expect(workersOf([{ ...job, current: null }], 16)).toEqual([8]);
});

test("a worker goes from one job to another only where that repays the resize of both", () => {
  // The first loses 100/3 − 100/4 = 8.33 seconds, the second gains 100/2 = 50.
  const jobs = (resizeSeconds: number) =>
    [4, 1].map((workers) => aJob({ max: 4, current: count(workers), resizeSeconds, speed: (workers) => workers }));
  expect(workersOf(jobs(20), 5)).toEqual([3, 2]);
  expect(workersOf(jobs(30), 5)).toEqual([4, 1]);
});

test("a job that arrives takes its least from those that have more", () => {
  const wide = aJob({ max: 8, current: count(8), resizeSeconds: 1000, speed: (workers) => workers ** 0.5 });
  expect(workersOf([wide, aJob({ min: 2, max: 2 })], 8)).toEqual([6, 2]);
});

test("counts that never changed without a gain: what is decided again is the same", () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const dice = openDice(seed);
    const jobs = Array.from({ length: dice.whole(1, 6) }, () => ({ ...aRandomJob(dice), resizeSeconds: 1 }));
    const counts = allocateWorkers(jobs, pool(16));
    const again = jobs.map((job, at) => ({ ...job, current: counts[at]?.workers ? (counts[at] ?? null) : null }));
    expect(allocateWorkers(again, pool(16))).toEqual(counts);
  }
});

test.each([
  // The best of the fixed counts is another one as the load is: 2 workers here, 8 where there is room for all.
  [16, 1.2],
  [64, 1],
])("on %i GPUs, decided anew at each arrival and end, jobs end more than %f times as soon as with any one count for all", (gpus, least) => {
  for (const fixed of [1, 2, 4, 8]) {
    let [elastic, alike] = [0, 0];
    for (let seed = 1; seed <= 10; seed += 1) {
      const jobs = aDay(seed);
      elastic += averageSeconds(jobs, (running) => allocateWorkers(running, pool(gpus)));
      alike += averageSeconds(jobs, (running) => firstThatFit(running, fixed, gpus));
    }
    expect(alike / elastic).toBeGreaterThan(least);
  }
});

function count(workers: number, servers = 0): WorkerCount {
  return { workers, servers };
}

function pool(gpus: number) {
  return { gpus, cpus: 0, memoryBytes: 0 };
}

function workersOf(jobs: ElasticJob[], gpus: number): number[] {
  return allocateWorkers(jobs, pool(gpus)).map(({ workers }) => workers);
}

/** 100 steps, with one worker to as many. */
function aJob(facts: Partial<ElasticJob>): ElasticJob {
  const always = { min: 1, max: 1, remainingSteps: 100, worker: GPU, server: null, current: null, resizeSeconds: 0 };
  return { ...always, speed: (workers) => workers, ...facts };
}

/** All-reduce: the seconds that are left are convex in its workers, and may rise with many. */
function aRandomJob(dice: Dice): ElasticJob {
  const [a, b, c] = [1 + 9 * dice.even(), dice.even(), 0.3 * dice.even()];
  const min = dice.whole(1, 3);
  return aJob({
    min,
    max: min + dice.whole(0, 7),
    remainingSteps: dice.whole(1, 1000),
    speed: (workers) => 1 / (a / workers + b + c * workers),
  });
}

function secondsInAll(jobs: readonly ElasticJob[], workers: readonly number[]): number {
  return jobs.reduce((sum, { remainingSteps, speed }, at) => sum + remainingSteps / speed(workers[at] ?? 0, 0), 0);
}

/** All numbers of workers that fit, none below its job's least. */
function allWays([job, ...others]: readonly ElasticJob[], gpus: number): number[][] {
  if (!job) return [[]];
  const ways: number[][] = [];
  for (let workers = job.min; workers <= Math.min(job.max, gpus); workers += 1) {
    for (const rest of allWays(others, gpus - workers)) ways.push([workers, ...rest]);
  }
  return ways;
}

interface Arrival {
  at: number;
  job: ElasticJob;
}

/** 40 jobs, in bursts; 5 minutes to 12 hours with one worker, 1.9 to 4.9 times as fast with 8. */
function aDay(seed: number): Arrival[] {
  const dice = openDice(seed);
  let at = 0;
  return Array.from({ length: 40 }, () => {
    at += dice.even() < 0.2 ? -Math.log(1 - dice.even()) * 6000 : dice.whole(0, 60);
    const [alone, sync] = [0.05 + 0.2 * dice.even(), 0.005 + 0.02 * dice.even()];
    const speed = (workers: number) => 1 / ((1 - alone) / workers + alone + sync * (workers - 1));
    const remainingSteps = 300 * Math.exp(dice.even() * 5);
    return { at, job: aJob({ max: 16, remainingSteps, speed, resizeSeconds: 10 }) };
  });
}

/** From arrival to end. */
function averageSeconds(arrivals: readonly Arrival[], decide: (jobs: ElasticJob[]) => WorkerCount[]): number {
  const waiting = arrivals.map(({ at, job }) => ({ at, job: { ...job }, stillUntil: at }));
  const here: typeof waiting = [];
  let [now, sum] = [0, 0];
  while (waiting.length > 0 || here.length > 0) {
    for (let next = waiting[0]; next && next.at <= now; next = waiting[0]) here.push(...waiting.splice(0, 1));
    for (const [at, counts] of decide(here.map(({ job }) => job)).entries()) {
      const one = here[at];
      if (!one) continue;
      const { current, resizeSeconds } = one.job;
      if (current && current.workers !== counts.workers) one.stillUntil = now + resizeSeconds;
      one.job.current = counts.workers > 0 ? counts : null;
    }
    const endOf = ({ job, stillUntil }: (typeof here)[number]) =>
      job.current ? Math.max(now, stillUntil) + job.remainingSteps / job.speed(job.current.workers, 0) : Infinity;
    const then = Math.min(waiting[0]?.at ?? Infinity, ...here.map(endOf));
    const ended = here.filter((one) => endOf(one) <= then);
    for (const one of here) {
      const { job, stillUntil } = one;
      const ran = Math.max(0, then - Math.max(now, stillUntil));
      if (job.current) job.remainingSteps -= ran * job.speed(job.current.workers, 0);
    }
    for (const one of ended) {
      here.splice(here.indexOf(one), 1);
      sum += then - one.at;
    }
    now = then;
  }
  return sum / arrivals.length;
}

/** In the order of arrival, all with as many workers. */
function firstThatFit(jobs: readonly ElasticJob[], workers: number, gpus: number): WorkerCount[] {
  return jobs.map((_, at) => count((at + 1) * workers <= gpus ? workers : 0));
}
