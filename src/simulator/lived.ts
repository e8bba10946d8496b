import type { SimulatedJob } from "./simulate.ts";
import type { Timeline } from "./timeline.ts";

/** A run that has ended, as its yard tells of it. Instants are epoch seconds. */
export interface PastJob {
  id: string;
  /** The job that it is of: at most `atMost` of those run at once; null: any number. */
  job: string;
  atMost: number | null;
  user: string;
  priority: number;
  gpus: number;
  /** From when on it waited for nothing but a place, as far as its yard knows. */
  couldStartAt: number;
  preemptions: number;
  /** When it held its place, in order; one at least. */
  tries: readonly { startedAt: number; endedAt: number }[];
}

/** What became of a job, and when it held its GPUs meanwhile. */
export interface LivedJob extends SimulatedJob {
  tries: readonly { startedAt: number; endedAt: number }[];
}

/**
 * What really happened, as a simulation would tell of it, in whole seconds since the first submission and in the order
 * of submissions. The jobs in it are the trace to simulate.
 */
export function livedJobs(past: readonly PastJob[]): LivedJob[] {
  const freedAt = placesFreed(past);
  const submissions = past.map((one) => Math.max(one.couldStartAt, freedAt.get(one) ?? 0));
  const origin = submissions.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const lived = past.map((one, i) => livedJob(one, Math.round((submissions[i] ?? 0) - origin), origin));
  return lived.sort((a, b) => a.job.submittedAt - b.job.submittedAt);
}

function livedJob(
  { id, user, gpus, priority, preemptions, tries }: PastJob,
  submittedAt: number,
  origin: number,
): LivedJob {
  const since = (at: number) => Math.max(submittedAt, Math.round(at - origin));
  const held = tries.map(({ startedAt, endedAt }) => ({ startedAt: since(startedAt), endedAt: since(endedAt) }));
  const served = tries.reduce((sum, { startedAt, endedAt }) => sum + Math.max(0, endedAt - startedAt), 0);
  // No job of a trace takes no time at all.
  const durationSeconds = Math.max(1, Math.round(served));
  const startedAt = held[0]?.startedAt ?? submittedAt;
  const endedAt = Math.max(startedAt + durationSeconds, held.at(-1)?.endedAt ?? 0);
  const job = { id, user, gpus, submittedAt, durationSeconds, priority };
  const had = { ranSeconds: durationSeconds, gpuSeconds: gpus * durationSeconds };
  return { job, startedAt, endedAt, preemptions, resizes: 0, ...had, tries: held };
}

/**
 * When the limit of its job let a run start: it waited for its own job as long as that had all the places it may have, not
 * for GPUs. Of the runs that began before it, so many must have ended that it was one of `atMost`.
 */
function placesFreed(past: readonly PastJob[]): Map<PastJob, number> {
  const freedAt = new Map<PastJob, number>();
  for (const runs of Map.groupBy(past, ({ job }) => job).values()) {
    const atMost = runs[0]?.atMost ?? null;
    if (atMost === null) continue;
    const inTurn = runs.toSorted((a, b) => startOf(a) - startOf(b));
    const ends = runs.map(endOf).sort((a, b) => a - b);
    for (const [begun, run] of inTurn.entries()) {
      if (begun >= atMost) freedAt.set(run, Math.min(startOf(run), ends[begun - atMost] ?? 0));
    }
  }
  return freedAt;
}

function startOf({ tries }: PastJob): number {
  return tries[0]?.startedAt ?? 0;
}

function endOf({ tries }: PastJob): number {
  return tries.at(-1)?.endedAt ?? 0;
}

/** GPUs that were held and jobs that waited, from one change to the next. */
export function livedTimeline(lived: readonly LivedJob[]): Timeline {
  const changes = lived.flatMap(({ job, tries }) => {
    const last = tries.length - 1;
    return [
      { at: job.submittedAt, held: 0, waiting: 1 },
      ...tries.flatMap(({ startedAt, endedAt }, i) => [
        { at: startedAt, held: job.gpus, waiting: -1 },
        { at: endedAt, held: -job.gpus, waiting: i === last ? 0 : 1 },
      ]),
    ];
  });
  const timeline: Timeline = { at: [], held: [], waiting: [] };
  let [held, waiting] = [0, 0];
  for (const change of changes.sort((a, b) => a.at - b.at)) {
    held += change.held;
    waiting += change.waiting;
    const last = timeline.at.length - 1;
    const i = timeline.at[last] === change.at ? last : last + 1;
    timeline.at[i] = change.at;
    timeline.held[i] = held;
    timeline.waiting[i] = waiting;
  }
  return timeline;
}
