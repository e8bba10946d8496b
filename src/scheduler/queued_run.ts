import { type Demand, mostWorkersOf, shapeOf, workersOf } from "../core/demand.ts";
import type { Place } from "../core/open_machine.ts";
import type { MachineRun } from "../core/policies/machine_room.ts";
import type { Amounts, Elastic } from "../core/policies/policy.ts";
import { isForClusterAlone } from "../core/pool.ts";
import type { JobRow } from "../store/jobs.ts";

/** Runs of a job that wait and are alike, or one that holds its place. */
export type QueuedRun = MachineRun;

/**
 * A run of the job that waits (`n` null: any of those that have never run).
 *
 * @param seconds  what one of the job's runs takes in all; null: not known
 */
export function waitingRun(row: JobRow, n: number | null, servedSeconds: number, seconds: number | null): QueuedRun {
  const { id, priority, user, demand, resumable } = row;
  return {
    job: id,
    n,
    // Who goes on comes before the others of its job.
    submitted: n === null ? id : id - 1 + n / 2 ** 31,
    priority,
    user,
    shape: shapeOf(demand, user),
    demand,
    asks: asksOf(demand, []),
    seats: [],
    startable: 0,
    remainingSeconds: seconds === null ? null : Math.max(0, seconds - servedSeconds),
    servedSeconds,
    isBorrowing: false,
    yields: resumable,
    isLeaving: false,
  };
}

/** What it holds counts; before it holds anything, what it asks for. */
export function asksOf(demand: Demand, seats: readonly Place[]): Amounts {
  const workers = workersOf(demand);
  if (seats.length > 0) {
    const held = { gpus: 0, cpus: 0, memoryBytes: 0 };
    for (const { slot } of seats) {
      held.gpus += slot.gpus.length;
      held.cpus += slot.cpus;
      held.memoryBytes += slot.memoryBytes;
    }
    return { ...held, gpus: Math.max(1, held.gpus) };
  }
  const { gpus, cpus, memoryBytes } = demand;
  return {
    gpus: workers * Math.max(1, gpus ?? 1),
    cpus: workers * (cpus ?? (gpus === 0 ? 1 : 0)),
    memoryBytes: workers * (memoryBytes ?? 0),
  };
}

/** A run of which nobody knows how long it takes counts as if it took so long yet: then more workers are worth something. */
const UNKNOWN_SECONDS = 3600;

/**
 * How a run's number of workers may change, where its job says so; undefined: it may not.
 *
 * @param speed  with so many workers
 * @param secondsToGo  with as many as it holds, or with its least; null: not known
 */
export function elasticOf(
  demand: Demand,
  workers: number,
  speed: (workers: number) => number,
  secondsToGo: (now: number) => number | null,
): Elastic | undefined {
  const [min, max] = [workersOf(demand), mostWorkersOf(demand)];
  if (max === min) return undefined;
  const worker = { ...asksOf({ ...demand, workers: 1 }, []), ...(demand.gpus === 0 && { gpus: 0 }) };
  const remainingSteps = (now: number) => (secondsToGo(now) ?? UNKNOWN_SECONDS) * speed(workers || min);
  return { min, max, workers, worker, speed, remainingSteps };
}

/** How many runs of the job may start as far as its own rules go. */
export function startable(row: JobRow): number {
  const { paused, waitingFor, counts, atMost } = row;
  if (paused || waitingFor > 0) return 0;
  if (isForClusterAlone(row)) return counts.queued;
  return Math.max(0, Math.min(counts.queued, (atMost ?? Number.POSITIVE_INFINITY) - counts.running));
}
