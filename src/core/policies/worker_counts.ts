import { openHeap } from "./heap.ts";

export interface Resources {
  gpus: number;
  /** Cores; need not be whole. */
  cpus: number;
  memoryBytes: number;
}

export interface WorkerCount {
  workers: number;
  /** Parameter servers. */
  servers: number;
}

/** A job whose number of workers may change while it runs. */
export interface ElasticJob {
  /** With fewer workers it does not run; at least 1. With servers it has one of them then. */
  min: number;
  /** It never has more. */
  max: number;
  remainingSteps: number;
  /** Steps a second. */
  speed(workers: number, servers: number): number;
  /** What one worker takes. */
  worker: Resources;
  /** What one parameter server takes; null: it has none. */
  server: Resources | null;
  /** What it runs with now; null: it does not. */
  current: WorkerCount | null;
  /** For how long it stands still when its count changes. */
  resizeSeconds: number;
}

/** Of each resource the part of the pool's. */
type Shares = readonly number[];

/** From what a job has to something more. */
interface Step {
  job: ElasticJob;
  /** The job's place in the order of arrival. */
  order: number;
  to: WorkerCount;
  shares: Shares;
  gain: number;
}

const NONE: WorkerCount = { workers: 0, servers: 0 };
/** Shares like 3 × 0.1 come out a little above what they are. */
const ROUNDING = 1e-9;

/**
 * How many workers, and servers, each job has from now on, in the order of `jobs`, which is that of their arrival (Optimus,
 * Peng et al., EuroSys 2018). Each gets its least if that fits, else none. Then, as long as anything that fits saves time,
 * what saves most for its share of the pool is added. A count other than the one that it has costs a job the seconds of a
 * resize: it gets another only where that saves more than it costs, or where others save more with what it has.
 */
export function allocateWorkers(jobs: readonly ElasticJob[], capacity: Resources): WorkerCount[] {
  const counts = jobs.map(() => NONE);
  let free: Shares = [1, 1, 1];

  function fits(shares: Shares): boolean {
    return shares.every((share, at) => share <= (free[at] ?? 0) + ROUNDING);
  }

  function give(order: number, to: WorkerCount, shares: Shares): void {
    counts[order] = to;
    free = free.map((share, at) => share - (shares[at] ?? 0));
  }

  /** The best that fits, of those that save anything; null: there is none. */
  function bestStep(job: ElasticJob, order: number): Step | null {
    const from = counts[order] ?? NONE;
    let best: Step | null = null;
    for (const to of largerCounts(job, from)) {
      const shares = sharesOf(job, from, to, capacity);
      const gain = gainOf(job, from, to, capacity);
      if (gain > (best?.gain ?? 0) && fits(shares)) best = { job, order, to, shares, gain };
    }
    return best;
  }

  for (const [order, job] of jobs.entries()) {
    const least = { workers: job.min, servers: job.server ? 1 : 0 };
    const shares = sharesOf(job, NONE, least, capacity);
    if (fits(shares)) give(order, least, shares);
  }
  const steps = openHeap<Step>((a, b) => (a.gain === b.gain ? a.order < b.order : a.gain > b.gain));
  const propose = (job: ElasticJob, order: number) => {
    const step = bestStep(job, order);
    if (step) steps.push(step);
  };
  for (const [order, job] of jobs.entries()) if (counts[order] !== NONE) propose(job, order);
  for (let step = steps.pop(); step; step = steps.pop()) {
    // One that no longer fits gives way to the best of its job that does: what is free only becomes less.
    if (fits(step.shares)) give(step.order, step.to, step.shares);
    propose(step.job, step.order);
  }
  return counts;
}

/**
 * The seconds that a step saves, for the share of the pool that it takes of the resource of which it takes most: with
 * shares, unlike amounts, cores can be held against GPUs.
 */
export function gainOf(job: ElasticJob, from: WorkerCount, to: WorkerCount, capacity: Resources): number {
  return (secondsWith(job, from) - secondsWith(job, to)) / Math.max(...sharesOf(job, from, to, capacity));
}

/**
 * One worker more, or as many as make the next powers of two, or all it may have, or what it has now: the first alone
 * would not find a gain that comes only with several. Or one server more.
 */
function largerCounts({ max, server, current }: ElasticJob, from: WorkerCount): WorkerCount[] {
  const { workers, servers } = from;
  const more = [workers + 1];
  for (let power = 1; power < max; power *= 2) if (power > workers) more.push(power);
  const counts = [...more, max].map((workers) => ({ workers, servers }));
  if (server) counts.push({ workers, servers: servers + 1 });
  if (current && current.servers >= servers) counts.push(current);
  return counts.filter(
    (to) => to.workers <= max && to.workers + to.servers > workers + servers && to.workers >= workers,
  );
}

function secondsWith({ remainingSteps, speed, current, resizeSeconds }: ElasticJob, count: WorkerCount): number {
  const { workers, servers } = count;
  const stays = current === null || (current.workers === workers && current.servers === servers);
  return remainingSteps / speed(workers, servers) + (stays ? 0 : resizeSeconds);
}

function sharesOf({ worker, server }: ElasticJob, from: WorkerCount, to: WorkerCount, capacity: Resources): Shares {
  const workers = to.workers - from.workers;
  const servers = to.servers - from.servers;
  return (["gpus", "cpus", "memoryBytes"] as const).map((resource) => {
    const asked = workers * worker[resource] + servers * (server?.[resource] ?? 0);
    return asked === 0 ? 0 : asked / capacity[resource];
  });
}
