import { randomBelow } from "../core/shuffle.ts";
import { type ElasticTrace, type TraceJob, USUAL_PRIORITY } from "./trace.ts";

export interface SyntheticSettings {
  /** Any whole number. The same settings give the same trace on any machine. */
  seed: number;
  jobs: number;
  /** GPUs of the cluster. No job asks for more than half of them, but for one. */
  gpus: number;
  /** The GPU seconds of all jobs, as a share of those the cluster has while jobs come: 0.9 leaves little room, over 1 none. */
  load: number;
  /** The share of jobs that are elastic, 0 to 1 (default: 0). They are the same jobs otherwise. */
  elastic?: number;
}

/** Of a thousand jobs, how many ask for so many GPUs: most for one, as in Philly's trace (Jeon et al., ATC 2019). */
const JOBS_BY_GPUS = [
  [1, 600],
  [2, 130],
  [4, 120],
  [8, 110],
  [16, 30],
  [32, 8],
  [64, 2],
] as const;

/** The logarithm of a duration is normal: half of them end within half an hour, a twentieth take more than six hours. */
const MEDIAN_SECONDS = 1800;
const SPREAD = 1.5;
const LONGEST_SECONDS = 10 * 86_400;

const USERS = 8;

/** An elastic job runs with one GPU, or with so many times what it asks for, but no more than half of all. */
const MOST_TIMES = 4;
/** Thousandths of its time that more GPUs do not shorten. */
const SERIAL = { least: 10, most: 100 };

/**
 * A made trace like those of shared clusters. Jobs come as a Poisson process given how many come in all, so that the load is
 * as asked however few they are; the n-th user has submitted one n-th as many as the first.
 */
export function syntheticTrace({ seed, jobs, gpus, load, elastic = 0 }: SyntheticSettings): TraceJob[] {
  const below = randomBelow(seed);
  const random = () => below(2 ** 32) / 2 ** 32;
  const sizes = JOBS_BY_GPUS.filter(([count]) => count === 1 || count <= gpus / 2);
  const users = Array.from({ length: USERS }, (_, i) => [`user${i + 1}`, 1 / (i + 1)] as const);

  let service = 0;
  let gaps = 0;
  const drawn = Array.from({ length: jobs }, () => {
    const count = weighted(sizes, random);
    const durationSeconds = Math.min(LONGEST_SECONDS, Math.ceil(MEDIAN_SECONDS * exp(SPREAD * normal(random))));
    const user = weighted(users, random);
    const after = gaps;
    service += count * durationSeconds;
    gaps += exponential(random);
    return { gpus: count, durationSeconds, user, after };
  });
  const secondsPerGap = service / (load * gpus) / gaps;
  const apart = randomBelow(seed + 1);
  return drawn.map(({ after, ...job }, i) => ({
    id: String(i),
    ...job,
    submittedAt: Math.floor(after * secondsPerGap),
    priority: USUAL_PRIORITY,
    ...(apart(1_000_000) < 1_000_000 * elastic && { elastic: rangeFor(job.gpus, gpus, apart) }),
  }));
}

function rangeFor(count: number, gpus: number, below: (bound: number) => number): ElasticTrace {
  const max = Math.max(count, Math.min(MOST_TIMES * count, Math.floor(gpus / 2)));
  return { min: 1, max, serial: (SERIAL.least + below(SERIAL.most - SERIAL.least + 1)) / 1000 };
}

function weighted<Value>(choices: readonly (readonly [Value, number])[], random: () => number): Value {
  let left = random() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  const chosen = choices.find(([, weight]) => {
    left -= weight;
    return left < 0;
  });
  return (chosen ?? (choices[0] as (typeof choices)[number]))[0];
}

// Math.exp and Math.log may differ in the last digit from machine to machine; what follows adds, multiplies and compares.

/** Near enough to a normal distribution, with mean 0 and deviation 1: the sum of twelve uniform numbers, less 6. */
function normal(random: () => number): number {
  let sum = -6;
  for (let i = 0; i < 12; i += 1) sum += random();
  return sum;
}

/** Exponentially distributed with mean 1, by comparisons alone (von Neumann 1951). */
function exponential(random: () => number): number {
  for (let whole = 0; ; whole += 1) {
    const first = random();
    let last = first;
    let falling = 1;
    for (let next = random(); next < last; next = random()) {
      last = next;
      falling += 1;
    }
    if (falling % 2 === 1) return whole + first;
  }
}

/** e^x for x between -12 and 12, to eight digits. */
function exp(x: number): number {
  const part = x / 1024;
  let power = 1 + part * (1 + (part / 2) * (1 + (part / 3) * (1 + part / 4)));
  for (let i = 0; i < 10; i += 1) power *= power;
  return power;
}
