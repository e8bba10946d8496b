import type { SimulatedJob } from "./simulate.ts";

/** What a simulation comes to. A completion time is from submission to end; queueing is what of it a job did not run. */
export interface Figures {
  jobs: number;
  averageCompletionSeconds: number;
  medianCompletionSeconds: number;
  p95CompletionSeconds: number;
  p99CompletionSeconds: number;
  averageQueueingSeconds: number;
  medianQueueingSeconds: number;
  /** From the first submission to the last end. */
  makespanSeconds: number;
  preemptions: number;
  /** How often a job went on with more GPUs or fewer. */
  resizes: number;
  /** The share of GPU time that jobs held over the makespan, 0 to 1. */
  utilization: number;
  /**
   * Jain's index (Jain, Chiu and Hawe 1984) of how much of their jobs' time users' jobs ran, on average; of jobs, where there
   * is one user. 1: all were served alike; at least 1 by their number.
   */
  fairness: number;
}

/** Of at least one job. */
export function figuresOf(jobs: readonly SimulatedJob[], gpus: number): Figures {
  const completions = Float64Array.from(jobs, completionSeconds).sort();
  const sum = (of: (job: SimulatedJob) => number) => jobs.reduce((total, job) => total + of(job), 0);
  const firstAt = jobs.reduce((least, { job }) => Math.min(least, job.submittedAt), Number.POSITIVE_INFINITY);
  const makespanSeconds = jobs.reduce((most, { endedAt }) => Math.max(most, endedAt), 0) - firstAt;
  const heldSeconds = sum(({ gpuSeconds }) => gpuSeconds);
  return {
    jobs: jobs.length,
    averageCompletionSeconds: sum(completionSeconds) / jobs.length,
    medianCompletionSeconds: median(completions),
    p95CompletionSeconds: nearestRank(completions, 0.95),
    p99CompletionSeconds: nearestRank(completions, 0.99),
    averageQueueingSeconds: sum(queueingSeconds) / jobs.length,
    medianQueueingSeconds: median(Float64Array.from(jobs, queueingSeconds).sort()),
    makespanSeconds,
    preemptions: sum(({ preemptions }) => preemptions),
    resizes: sum(({ resizes }) => resizes),
    utilization: makespanSeconds === 0 ? 0 : heldSeconds / (gpus * makespanSeconds),
    fairness: jainsIndex(served(jobs)),
  };
}

/** Of each user, the part of their jobs' time in which these ran, on average; of each job where there is one user. */
function served(jobs: readonly SimulatedJob[]): number[] {
  const users = [...Map.groupBy(jobs, ({ job }) => job.user).values()];
  const groups = users.length > 1 ? users : jobs.map((job) => [job]);
  return groups.map((group) => {
    const parts = group.map((one) => (one.ranSeconds === 0 ? 1 : one.ranSeconds / completionSeconds(one)));
    return parts.reduce((sum, part) => sum + part, 0) / parts.length;
  });
}

function jainsIndex(values: readonly number[]): number {
  const [sum, squares] = values.reduce(([sum, squares], value) => [sum + value, squares + value ** 2], [0, 0]);
  return squares === 0 ? 1 : sum ** 2 / (values.length * squares);
}

export function completionSeconds({ job, endedAt }: SimulatedJob): number {
  return endedAt - job.submittedAt;
}

export function queueingSeconds(simulated: SimulatedJob): number {
  return completionSeconds(simulated) - simulated.ranSeconds;
}

/** Between the two in the middle where there is no single one. */
function median(sorted: Float64Array): number {
  return (nearestRank(sorted, 0.5) + nearestRank(sorted.toReversed(), 0.5)) / 2;
}

/** The least value that is no less than `share` of all. */
function nearestRank(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
