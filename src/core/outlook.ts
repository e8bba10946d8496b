import { type LossReport, type ProgressReport, type Remaining, remainingOf } from "./estimates/remaining.ts";
import { openWorkerSpeeds } from "./estimates/worker_speeds.ts";
import type { JobId } from "./run.ts";

/** A run that runs, as it was last seen. */
export interface SeenRun {
  job: JobId;
  n: number;
  /** For how long it has run, over all the attempts that it goes on from. */
  ranSeconds: number;
  progress: { done: number; of: number | null } | null;
  metrics: Readonly<Record<string, unknown>>;
  workers: number;
}

/** What is known of a job of which runs run or wait. */
export interface SeenJob {
  job: JobId;
  /** What its user expects a run to take; null: nothing was said. */
  declaredSeconds: number | null;
  /** What its runs have taken that finished, or those of other jobs with its tags. */
  finishedSeconds: readonly number[];
  waiting: number;
}

/** For how long runs and jobs still take, as far as anything tells, since this yard started. */
export interface Outlook {
  /** Looks at all that run now; of others it forgets what they reported. */
  see(runs: readonly SeenRun[], jobs: readonly SeenJob[]): void;
  run(job: number, n: number): Remaining | null;
  /** Until the last of its runs ends, if as many as now go at once; null: none runs, or nothing tells. */
  job(job: number): Remaining | null;
  /** What one of the job's runs takes in all; null: nothing tells. */
  wholeRun(job: number): number | null;
  /** How fast the job's runs are with so many workers, as far as that is known: such figures tell only in relation to each other. */
  speed(job: number, workers: number): number;
}

interface Reports {
  /** With how many it has made its last report. */
  workers: number;
  progress: ProgressReport[];
  losses: LossReport[];
}

/** As many reports of each run are kept, those in between thinned out. */
const MOST_REPORTS = 60;

/** A curve through losses takes up to 16 ms to find: in one look as many new losses are taken up, others in the next ones. */
const MOST_FITS = 4;

export function openOutlook(): Outlook {
  const reports = new Map<string, Reports>();
  const ofRun = new Map<string, Remaining>();
  const ofJob = new Map<number, Remaining>();
  const whole = new Map<number, number>();
  const speeds = openWorkerSpeeds();
  let looks = 0;

  function noteProgress({ job, ranSeconds, progress, workers }: SeenRun, record: Reports): void {
    const last = record.progress.at(-1);
    if (!progress || (progress.done === last?.done && progress.of === last.of)) return;
    record.progress = thinned([...record.progress, { ranSeconds, ...progress }]);
    if (last && workers === record.workers)
      speeds.observe(job, workers, progress.done - last.done, ranSeconds - last.ranSeconds);
    record.workers = workers;
  }

  /** Returns whether there was something new. */
  function noteLoss({ ranSeconds, metrics }: SeenRun, record: Reports): boolean {
    const [epoch, loss] = [numberIn(metrics, "epoch", "step"), numberIn(metrics, "loss")];
    if (epoch === null || loss === null || epoch === record.losses.at(-1)?.epoch) return false;
    record.losses = thinned([...record.losses, { ranSeconds, epoch, loss }]);
    return true;
  }

  /** Of those whom nothing better tells of; each is the first in turn. */
  function noteLosses(runs: readonly SeenRun[]): void {
    const telling = runs.filter(({ progress }) => typeof progress?.of !== "number");
    const first = looks % Math.max(1, telling.length);
    let noted = 0;
    for (const run of [...telling.slice(first), ...telling.slice(0, first)]) {
      if (noted === MOST_FITS) return;
      if (noteLoss(run, reports.get(keyOf(run)) as Reports)) noted += 1;
    }
  }

  function lookAt(job: SeenJob, runs: readonly SeenRun[]): void {
    const { declaredSeconds, finishedSeconds, waiting } = job;
    const each = remainingOf({ ranSeconds: 0, declaredSeconds, progress: [], finishedSeconds, losses: [] });
    if (each) whole.set(job.job, each.seconds);
    const known = runs.flatMap((run) => {
      const { progress = [], losses = [] } = reports.get(keyOf(run)) ?? {};
      const left = remainingOf({ ranSeconds: run.ranSeconds, declaredSeconds, progress, finishedSeconds, losses });
      if (left) ofRun.set(`${run.job}.${run.n}`, left);
      return left ?? [];
    });
    if (runs.length === 0 || known.length < runs.length || (waiting > 0 && !each)) return;
    const sum = (of: (one: Remaining) => number) => {
      const queued = each ? waiting * of(each) : 0;
      const longest = Math.max(...known.map(of));
      return Math.max(longest, (known.reduce((all, one) => all + of(one), 0) + queued) / runs.length);
    };
    ofJob.set(job.job, {
      seconds: sum(({ seconds }) => seconds),
      lowSeconds: sum(({ lowSeconds }) => lowSeconds),
      highSeconds: sum(({ highSeconds }) => highSeconds),
      source: (known[0] as Remaining).source,
    });
  }

  return {
    see(runs, jobs) {
      const gone = new Set(reports.keys());
      for (const run of runs) {
        const record = reports.get(keyOf(run)) ?? { workers: run.workers, progress: [], losses: [] };
        reports.set(keyOf(run), record);
        gone.delete(keyOf(run));
        noteProgress(run, record);
      }
      noteLosses(runs);
      looks += MOST_FITS;
      for (const key of gone) reports.delete(key);
      for (const known of [ofRun, ofJob, whole]) known.clear();
      const byJob = Map.groupBy(runs, ({ job }) => job);
      for (const job of jobs) lookAt(job, byJob.get(job.job) ?? []);
      speeds.keepOnly(new Set(jobs.map(({ job }) => job)));
    },
    run: (job, n) => ofRun.get(`${job}.${n}`) ?? null,
    job: (job) => ofJob.get(job) ?? null,
    wholeRun: (job) => whole.get(job) ?? null,
    speed: speeds.of,
  };
}

/** A run that goes on in another attempt has not forgotten how far it was. */
function keyOf({ job, n }: SeenRun): string {
  return `${job}.${n}`;
}

/** The first and the last stay. */
function thinned<Report>(reports: readonly Report[]): Report[] {
  if (reports.length <= MOST_REPORTS) return [...reports];
  return reports.filter((_, i) => i % 2 === 0 || i === reports.length - 1);
}

function numberIn(metrics: Readonly<Record<string, unknown>>, ...names: string[]): number | null {
  const value = names.map((name) => metrics[name]).find((one) => typeof one === "number");
  return typeof value === "number" ? value : null;
}
