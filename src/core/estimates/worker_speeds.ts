import { fitSpeed, type SpeedPoint } from "./speed_model.ts";

/** How fast runs of jobs are with so many workers, by what they have reported. */
export interface WorkerSpeeds {
  /** With so many workers a run of the job has done so much more of what its progress counts. */
  observe(job: number, workers: number, done: number, seconds: number): void;
  /** What a run of the job does in a second with so many workers; where it has reported nothing, in parts of what one does. */
  of(job: number, workers: number): number;
  /** Forgets the others. */
  keepOnly(jobs: ReadonlySet<number>): void;
}

/** The share of a run's time that more workers do not shorten, as long as nothing was measured (Amdahl 1967). */
const SERIAL = 0.1;

interface Measured {
  /** By the number of workers. */
  totals: Map<number, { done: number; seconds: number }>;
  /** Null: to be found anew. */
  speed: ((workers: number) => number) | null;
}

export function openWorkerSpeeds(): WorkerSpeeds {
  const jobs = new Map<number, Measured>();
  return {
    observe(job, workers, done, seconds) {
      if (!(done > 0) || !(seconds > 0)) return;
      const measured = jobs.get(job) ?? { totals: new Map(), speed: null };
      jobs.set(job, measured);
      const before = measured.totals.get(workers) ?? { done: 0, seconds: 0 };
      measured.totals.set(workers, { done: before.done + done, seconds: before.seconds + seconds });
      measured.speed = null;
    },
    of(job, workers) {
      const measured = jobs.get(job);
      if (!measured) return expected(workers);
      measured.speed ??= speedBy(
        [...measured.totals].map(([workers, { done, seconds }]) => ({ workers, stepsPerSecond: done / seconds })),
      );
      return measured.speed(workers);
    },
    keepOnly(kept) {
      for (const job of jobs.keys()) if (!kept.has(job)) jobs.delete(job);
    },
  };
}

/** In parts of what one worker does. */
function expected(workers: number): number {
  return 1 / (SERIAL + (1 - SERIAL) / workers);
}

/** By the model where enough counts were measured; else from the nearest of them on as is to be expected. */
function speedBy(points: readonly SpeedPoint[]): (workers: number) => number {
  const model = fitSpeed("all_reduce", points);
  if (model) return (workers) => model.stepsPerSecond(workers);
  return (workers) => {
    const [nearest] = points.toSorted((a, b) => Math.abs(a.workers - workers) - Math.abs(b.workers - workers));
    if (!nearest) return expected(workers);
    return (nearest.stepsPerSecond * expected(workers)) / expected(nearest.workers);
  };
}
