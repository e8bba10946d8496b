import { shapeOf } from "../core/demand.ts";
import type { MachineRun } from "../core/policies/machine_room.ts";
import type { Amounts, Elastic } from "../core/policies/policy.ts";
import { demandOn, jobNumber } from "./cluster.ts";
import type { SimulatedJob, SimulationSettings } from "./simulate.ts";
import { type ElasticTrace, speedUp, type TraceJob } from "./trace.ts";

/** A job in the course of a simulation. */
export interface SimulatedRun extends MachineRun, Omit<SimulatedJob, "job"> {
  traced: TraceJob;
  asks: Amounts;
  /** What it has to do yet, in seconds with the GPUs that its duration was measured with. */
  leftSeconds: number;
  /** For how long it stands still first, when it has GPUs. */
  lostSeconds: number;
  /** What of `leftSeconds` it does in a second with the GPUs it has, or with its least. */
  speed: number;
  /** Up to when what it has done is counted. */
  countedAt: number;
  /** When it will end if it keeps its GPUs; NaN: it holds none. */
  endsAt: number;
}

/** Speeds are fractions: an end within so many seconds of a whole one is there. */
const ROUNDING = 1e-6;

/** A job that has not run. It is elastic where the policy resizes, and is told how long jobs take. */
export function runOf(
  job: TraceJob,
  submitted: number,
  { cluster, estimates }: SimulationSettings,
  mayResize: boolean,
): SimulatedRun {
  const traced = mayResize && estimates ? job.elastic : undefined;
  const demand = traced ? { cpus: 0, memoryBytes: null, gpus: 1, workers: traced.min } : demandOn(cluster, job.gpus);
  const run: SimulatedRun = {
    traced: job,
    job: jobNumber(submitted),
    n: null,
    submitted,
    demand,
    seats: [],
    priority: job.priority,
    user: job.user,
    shape: shapeOf(demand, job.user),
    asks: { gpus: traced?.min ?? job.gpus, cpus: 0, memoryBytes: 0 },
    startable: 1,
    remainingSeconds: estimates ? job.durationSeconds : null,
    servedSeconds: 0,
    isBorrowing: false,
    yields: true,
    isLeaving: false,
    elastic: undefined,
    startedAt: Number.NaN,
    endedAt: Number.NaN,
    preemptions: 0,
    resizes: 0,
    ranSeconds: 0,
    gpuSeconds: 0,
    leftSeconds: job.durationSeconds,
    lostSeconds: 0,
    speed: 1,
    countedAt: Number.NaN,
    endsAt: Number.NaN,
  };
  if (!traced) return run;
  run.elastic = elasticOf(traced, run);
  give(run, 0);
  run.remainingSeconds = secondsToGo(run);
  return run;
}

/** It has its GPUs from now on; an elastic one those of so many workers. */
export function begin(run: SimulatedRun, now: number, workers: number | undefined): void {
  if (Number.isNaN(run.startedAt)) run.startedAt = now;
  run.countedAt = now;
  give(run, workers);
  run.endsAt = now + secondsToGo(run);
  if (run.elastic) run.remainingSeconds = run.endsAt - now;
}

/** It is to go on at once with other GPUs, and loses so many seconds. */
export function resize(run: SimulatedRun, now: number, costSeconds: number): void {
  getOn(run, now);
  run.lostSeconds += costSeconds;
  run.resizes += 1;
}

/** It goes on later, and loses so many seconds. */
export function stop(run: SimulatedRun, now: number, costSeconds: number): void {
  getOn(run, now);
  run.lostSeconds += costSeconds;
  run.preemptions += 1;
  run.endsAt = Number.NaN;
  give(run, 0);
  if (run.remainingSeconds !== null) run.remainingSeconds = secondsToGo(run);
}

export function finish(run: SimulatedRun, now: number): void {
  getOn(run, now);
  run.endedAt = now;
  run.endsAt = Number.NaN;
}

export function outcomeOf(run: SimulatedRun): SimulatedJob {
  const { traced: job, startedAt, endedAt, preemptions, resizes, ranSeconds, gpuSeconds } = run;
  return { job, startedAt, endedAt, preemptions, resizes, ranSeconds, gpuSeconds };
}

function getOn(run: SimulatedRun, now: number): void {
  const held = now - run.countedAt;
  const lost = Math.min(run.lostSeconds, held);
  run.lostSeconds -= lost;
  run.leftSeconds = Math.max(0, run.leftSeconds - (held - lost) * run.speed);
  run.ranSeconds += held - lost;
  run.gpuSeconds += run.asks.gpus * held;
  run.servedSeconds += held;
  run.countedAt = now;
}

function give(run: SimulatedRun, workers = 0): void {
  const { elastic } = run;
  if (!elastic) return;
  elastic.workers = workers;
  run.asks = { ...run.asks, gpus: workers || elastic.min };
  run.speed = elastic.speed(workers || elastic.min);
}

/** Elastic ones, too, end on a whole second. */
function secondsToGo({ lostSeconds, leftSeconds, speed, elastic }: SimulatedRun): number {
  const seconds = lostSeconds + leftSeconds / speed;
  return elastic ? Math.ceil(seconds - ROUNDING) : seconds;
}

/** Its steps are seconds with the GPUs that its duration was measured with. */
function elasticOf(traced: ElasticTrace, run: SimulatedRun): Elastic {
  const { min, max } = traced;
  const measured = speedUp(traced, run.traced.gpus);
  return {
    min,
    max,
    workers: 0,
    worker: { gpus: 1, cpus: 0, memoryBytes: 0 },
    speed: (gpus) => speedUp(traced, gpus) / measured,
    remainingSteps(now) {
      if (Number.isNaN(run.endsAt)) return run.leftSeconds;
      const seconds = Math.max(0, now - run.countedAt - run.lostSeconds);
      return Math.max(0, run.leftSeconds - seconds * run.speed);
    },
  };
}
