import type { Ending, RunStatus } from "../../../src/core/run.ts";

export interface ModelJob {
  retries: number;
  paused: boolean;
  after: { on: number; any: boolean; state: "waiting" | "met" | "failed" }[];
  runs: ModelRun[];
}

export interface ModelRun {
  status: RunStatus;
  tries: number;
  attempts: number;
  /** The job whose failure failed it; null: it failed by itself, or not at all. */
  failedBy: number | null;
  isStopped: boolean;
}

export interface Range {
  first: number;
  last: number;
}

/** Jobs are counted from 0, runs from 1. */
export function openModel() {
  const jobs: ModelJob[] = [];
  const jobAt = (job: number): ModelJob => {
    const found = jobs[job];
    if (!found) throw new Error(`the model has no job ${job}`);
    return found;
  };
  const isOpen = (job: number) =>
    jobAt(job).runs.some((run) => !["succeeded", "failed", "cancelled"].includes(run.status));
  const succeeded = (job: number) => jobAt(job).runs.every((run) => run.status === "succeeded");
  const failedCause = (job: number) => jobAt(job).after.find((after) => after.state === "failed")?.on ?? null;

  /** Jobs in the order submitted, each with its dependencies in that order. */
  function dependantsOf(causes: number[]) {
    return jobs.flatMap((one, job) =>
      one.after.filter((after) => causes.includes(after.on)).map((after) => ({ job, after })),
    );
  }

  function failWaiting(job: number, on: number): boolean {
    const waiting = jobAt(job).runs.filter((run) => run.status === "queued");
    for (const run of waiting) {
      run.status = "failed";
      run.failedBy = on;
    }
    return waiting.length > 0 && !isOpen(job);
  }

  function settle(ended: number[]): void {
    if (ended.length === 0) return;
    const next: number[] = [];
    for (const { job, after } of dependantsOf(ended)) {
      if (after.state !== "waiting" || isOpen(after.on)) continue;
      after.state = after.any || succeeded(after.on) ? "met" : "failed";
      if (after.state === "failed" && failWaiting(job, after.on)) next.push(job);
    }
    settle(next);
  }

  function revive(causes: number[]): void {
    if (causes.length === 0) return;
    const next: number[] = [];
    for (const { job, after } of dependantsOf(causes)) {
      if (after.state !== "failed") continue;
      after.state = "waiting";
      const back = jobAt(job).runs.filter((run) => run.status === "failed" && run.failedBy === after.on);
      for (const run of back) {
        run.status = "queued";
        run.failedBy = null;
      }
      const other = failedCause(job);
      if (other !== null) failWaiting(job, other);
      else if (back.length > 0) next.push(job);
    }
    revive(next);
  }

  function within(job: number, range: Range | null): ModelRun[] {
    const { runs } = jobAt(job);
    return range ? runs.slice(range.first - 1, range.last) : runs;
  }

  /** Does something to a job's runs, and what its end means for others. */
  function changing<T>(job: number, change: () => T): T {
    const wasOpen = isOpen(job);
    const answer = change();
    if (wasOpen && !isOpen(job)) settle([job]);
    return answer;
  }

  const aRun = (): ModelRun => ({ status: "queued", tries: 0, attempts: 0, failedBy: null, isStopped: false });

  return {
    jobs,
    submit(total: number, retries: number, after: { on: number; any: boolean }[]): void {
      const waits = after.map((one) => ({ ...one, state: "waiting" as const }));
      jobs.push({ retries, paused: false, after: waits, runs: Array.from({ length: total }, aRun) });
      settle(after.map((one) => one.on));
    },
    mayStart: (job: number) => !jobAt(job).paused && jobAt(job).after.every((after) => after.state === "met"),
    pause(job: number, paused: boolean): void {
      jobAt(job).paused = paused;
    },
    /** The numbers of the runs that are given out. */
    assign(job: number, count: number): number[] {
      const given = jobAt(job).runs.flatMap((run, index) => (run.status === "queued" ? [{ run, n: index + 1 }] : []));
      return given.slice(0, count).map(({ run, n }) => {
        run.status = "starting";
        run.attempts += 1;
        run.isStopped = false;
        return n;
      });
    },
    start(job: number, n: number): void {
      for (const run of within(job, { first: n, last: n })) if (run.status === "starting") run.status = "running";
    },
    end(job: number, n: number, ending: Ending): void {
      changing(job, () => {
        for (const run of within(job, { first: n, last: n })) {
          if (ending.kind === "never_began") run.attempts -= 1;
          else run.tries += 1;
          if (ending.kind === "exited" && ending.exitCode === 0) run.status = "succeeded";
          else if (run.isStopped) run.status = "cancelled";
          else if (ending.kind === "never_began" || run.tries <= jobAt(job).retries) run.status = "queued";
          else run.status = "failed";
        }
      });
    },
    cancel(job: number, range: Range | null): number {
      return changing(job, () => {
        const waiting = within(job, range).filter((run) => run.status === "queued");
        for (const run of within(job, range)) run.isStopped = run.status === "starting" || run.status === "running";
        for (const run of waiting) run.status = "cancelled";
        return waiting.length;
      });
    },
    retry(job: number, statuses: RunStatus[], range: Range | null): number {
      if (failedCause(job) !== null) return 0;
      const again = within(job, range).filter((run) => statuses.includes(run.status));
      for (const run of again) Object.assign(run, { status: "queued", tries: 0, failedBy: null });
      if (again.length > 0) revive([job]);
      return again.length;
    },
    extend(job: number, added: number): void {
      const cause = failedCause(job);
      for (let i = 0; i < added; i += 1) {
        jobAt(job).runs.push({ ...aRun(), ...(cause !== null && { status: "failed", failedBy: cause }) });
      }
    },
    isOpen,
  };
}
