import { openHeap } from "../core/policies/heap.ts";
import { withLimits } from "../core/policies/limits.ts";
import type { Policy, PolicySettings } from "../core/policies/policy.ts";
import { type Cluster, gpusOf, openSimulatedRoom } from "./cluster.ts";
import { openSimulatedQuotas } from "./simulated_quotas.ts";
import { begin, finish, outcomeOf, resize, runOf, type SimulatedRun, stop } from "./simulated_run.ts";
import type { TraceJob } from "./trace.ts";

/** What became of a job. Instants are seconds of the trace's own time. */
export interface SimulatedJob {
  job: TraceJob;
  startedAt: number;
  endedAt: number;
  preemptions: number;
  /** How often it went on with more GPUs or fewer. */
  resizes: number;
  /** For how long it got on with its work: without what it lost by being stopped and resized. */
  ranSeconds: number;
  /** GPUs by the time for which it held them. */
  gpuSeconds: number;
}

export interface SimulationSettings extends Omit<PolicySettings, "total"> {
  cluster: Cluster;
  /** Whether the policy is told how long each job takes. */
  estimates: boolean;
}

/** As the oracle figures are made: who is stopped loses nothing, and may be stopped at any time. */
export const IDEAL = {
  ageingSeconds: Number.POSITIVE_INFINITY,
  minQuantumSeconds: 0,
  preemptCostSeconds: 0,
  lasLimits: [3250, 7200],
  starvation: 0,
  weights: {},
  givesBack: false,
  mostGpus: {},
  quotas: {},
} as const;

/**
 * Replays a trace under a policy, from event to event: a submission, an end, or what the policy waits for. All events of
 * one second come before one deal. A preempted job goes on later where it stopped, at the cost that is set, and so does one
 * that is resized. Under a policy that does not resize, and where it is told of no estimates, no job is elastic.
 *
 * @returns the jobs in the order of submission, which is by time, then as they stand in `trace`
 */
export function simulate(
  trace: readonly TraceJob[],
  policy: Pick<Policy, "open"> & Partial<Pick<Policy, "resizes">>,
  settings: SimulationSettings,
): SimulatedJob[] {
  const { cluster, preemptCostSeconds } = settings;
  const runs = trace
    .toSorted((a, b) => a.submittedAt - b.submittedAt)
    .map((job, submitted) => runOf(job, submitted, settings, policy.resizes ?? false));
  const total = { gpus: gpusOf(cluster), cpus: 0, memoryBytes: 0 };
  const opened = withLimits<SimulatedRun>(policy.open({ ...settings, total }), settings);
  const room = openSimulatedRoom<SimulatedRun>(cluster);
  const quotas = openSimulatedQuotas(settings);
  /** An end whose run has lost its GPUs since is passed over. */
  const ends = openHeap<{ run: SimulatedRun; at: number }>((a, b) => a.at < b.at);
  let next = 0;
  let lastAt = Number.NEGATIVE_INFINITY;

  function nextEnd(): number {
    let first = ends.first();
    for (; first && first.run.endsAt !== first.at; first = ends.first()) ends.pop();
    return first?.at ?? Number.POSITIVE_INFINITY;
  }

  function end(run: SimulatedRun, now: number): void {
    finish(run, now);
    room.release(run);
    opened.forget(run);
    quotas.leaves(run, now);
    quotas.ended(run);
  }

  function go(run: SimulatedRun, now: number, workers: number | undefined): void {
    begin(run, now, workers);
    quotas.holds(run, now);
    ends.push({ run, at: run.endsAt });
  }

  /** Its user has had what is due to them, or may have more again. */
  function turn(run: SimulatedRun, now: number): void {
    const holds = !Number.isNaN(run.endsAt);
    if (!holds) opened.forget(run);
    run.isBorrowing = !run.isBorrowing;
    if (holds) opened.hold(run, now);
    else opened.wait(run, now);
  }

  for (;;) {
    const submission = runs[next]?.traced.submittedAt ?? Number.POSITIVE_INFINITY;
    // As all events it comes at a whole second, and later than the one before.
    const again = Math.max(lastAt + 1, Math.ceil(Math.min(opened.nextAt(), quotas.nextAt())));
    const now = Math.min(nextEnd(), submission, again);
    lastAt = now;
    if (now === Number.POSITIVE_INFINITY) return runs.map(outcomeOf);
    for (; nextEnd() === now; ends.pop()) end(ends.first()?.run as SimulatedRun, now);
    for (let run = runs[next]; run?.traced.submittedAt === now; run = runs[next]) {
      opened.wait(run, now);
      quotas.submitted(run);
      next += 1;
    }
    for (const run of quotas.turned(now)) turn(run, now);
    // Who had to leave a machine may have left more than was needed: then somebody else may have the rest.
    for (let isOver = false; !isOver; ) {
      const deal = opened.deal(now, room.at(now));
      for (const { run, order } of deal.stop) {
        stop(run, now, preemptCostSeconds);
        room.release(run);
        quotas.leaves(run, now);
        opened.wait(run, now, order);
      }
      for (const { run, place, workers } of deal.resize) {
        room.exchange(run, place);
        resize(run, now, preemptCostSeconds);
        go(run, now, workers);
        opened.hold(run, now);
      }
      for (const { run, place, order, workers } of deal.start) {
        room.take(run, place);
        go(run, now, workers);
        opened.hold(run, now, order);
      }
      isOver = deal.stop.length === 0;
    }
  }
}
