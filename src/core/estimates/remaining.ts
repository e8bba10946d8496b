import { type Convergence, epochsToConverge } from "./convergence.ts";
import { quantileOf, type Weighted } from "./quantile.ts";

const MEDIAN = 0.5;
const QUARTILES = [0.25, 0.75];

/** Everything that tells how long a run still takes. Times are seconds that it has run, in all its attempts, no waiting. */
export interface RunSoFar {
  ranSeconds: number;
  /** What its user expects it to take in all; null: nothing was said. */
  declaredSeconds: number | null;
  /** In the order in which it reported them. */
  progress: readonly ProgressReport[];
  /** What runs of its job have taken that finished; where there are none, those of other jobs with its tags. */
  finishedSeconds: readonly number[];
  /** In the order in which it reported them. */
  losses: readonly LossReport[];
}

export interface ProgressReport {
  /** How long it had run by then. */
  ranSeconds: number;
  done: number;
  /** Null: it did not say of how much. */
  of: number | null;
}

export interface LossReport {
  /** How long it had run by then. */
  ranSeconds: number;
  epoch: number;
  loss: number;
}

/** How long a run still takes: never negative. */
export interface Remaining {
  seconds: number;
  /** Most likely within these. */
  lowSeconds: number;
  highSeconds: number;
  source: "declared" | "progress" | "finished" | "convergence";
}

/**
 * By the first that can tell: what its user said, as long as it has not run for longer; its progress; the runs of its job
 * that took longer than it has by now; its loss. Null: none can.
 */
export function remainingOf(run: RunSoFar): Remaining | null {
  const { ranSeconds, declaredSeconds } = run;
  return (
    remaining("declared", [(declaredSeconds ?? Number.NaN) - ranSeconds]) ??
    remaining("progress", byProgress(run.progress, ranSeconds)) ??
    remaining("finished", byFinished(run.finishedSeconds, ranSeconds)) ??
    remaining("convergence", byLosses(run.losses, ranSeconds))
  );
}

/** The first of the guesses is the best; there is none where one of them is no time. */
function remaining(source: Remaining["source"], guesses: readonly number[]): Remaining | null {
  const [seconds] = guesses;
  if (seconds === undefined || !guesses.every((guess) => guess >= 0 && guess < Number.POSITIVE_INFINITY)) return null;
  return { seconds, lowSeconds: Math.min(...guesses), highSeconds: Math.max(...guesses), source };
}

/** The runs that took longer than this one has by now, as they are the ones it may be like. */
function byFinished(finishedSeconds: readonly number[], ranSeconds: number): number[] {
  const longer = finishedSeconds.flatMap((value) => (value > ranSeconds ? [{ value, weight: 1 }] : []));
  return longer.length === 0 ? [] : [MEDIAN, ...QUARTILES].map((part) => quantileOf(longer, part) - ranSeconds);
}

/** By the epochs up to its convergence, and their pace. Nothing is told of a run that goes on though it has converged. */
function byLosses(losses: readonly LossReport[], ranSeconds: number): number[] {
  const convergence = convergenceOf(losses);
  const reached = losses.findLast(({ epoch }) => Number.isFinite(epoch))?.epoch;
  if (convergence === null || reached === undefined || reached > convergence.epochs) return [];
  const { epochs, lowEpochs, highEpochs } = convergence;
  return [epochs, Math.max(lowEpochs, reached), highEpochs].flatMap((of) => {
    const progress = losses.map(({ ranSeconds, epoch }) => ({ ranSeconds, done: epoch, of }));
    return byProgress(progress, ranSeconds);
  });
}

const convergences = new WeakMap<readonly LossReport[], Convergence | null>();

/** Those who look again and again bring the same list as long as nothing has come to it. */
function convergenceOf(losses: readonly LossReport[]): Convergence | null {
  const known = convergences.get(losses);
  if (known !== undefined) return known;
  const convergence = epochsToConverge(losses);
  convergences.set(losses, convergence);
  return convergence;
}

/**
 * By its pace, at the mean and the quartiles. The countdown goes on between two reports; once the next is overdue, it is
 * taken to be as far off as it is overdue, so that what stalls does not seem to end.
 */
function byProgress(reports: readonly ProgressReport[], ranSeconds: number): number[] {
  const usable = reports.filter((report) => [report.ranSeconds, report.done].every(Number.isFinite));
  const last = usable.at(-1);
  const { stretches, advancedAt } = advances(usable);
  const step = stretches.at(-1)?.done;
  const left = (last?.of ?? Number.NaN) - (last?.done ?? Number.NaN);
  if (step === undefined || !(left >= 0)) return [];
  const since = Math.max(0, ranSeconds - advancedAt);
  const paces = recentPaces(stretches);
  return [meanOf(paces), ...QUARTILES.map((part) => quantileOf(paces, part))].map((pace) => {
    const next = Math.min(step, left) * pace;
    return left * pace - next + Math.abs(next - since);
  });
}

/** From one report to one that had more done. */
interface Stretch {
  seconds: number;
  done: number;
}

/**
 * Where a run went on, and when it last did. One that has gone back to a checkpoint goes on from there at the pace that is
 * known of it; where what it counts up to has changed with that, it counts something else, and nothing is known any more.
 */
function advances(reports: readonly ProgressReport[]): { stretches: Stretch[]; advancedAt: number } {
  let stretches: Stretch[] = [];
  let from = reports[0];
  for (const to of reports) {
    if (!from) break;
    if (to.done < from.done) {
      if (to.of !== from.of) stretches = [];
      from = to;
    } else if (to.done > from.done && to.ranSeconds > from.ranSeconds) {
      stretches.push({ seconds: to.ranSeconds - from.ranSeconds, done: to.done - from.done });
      from = to;
    }
  }
  return { stretches, advancedAt: from?.ranSeconds ?? 0 };
}

/** Seconds that one of what is done takes. The weight of what is long done halves with every sixth of all that was done. */
function recentPaces(stretches: readonly Stretch[]): Weighted[] {
  const halfLife = stretches.reduce((sum, { done }) => sum + done, 0) / 6;
  let doneSince = 0;
  return stretches.toReversed().map(({ seconds, done }) => {
    const weight = done * 2 ** (-doneSince / halfLife);
    doneSince += done;
    return { value: seconds / done, weight };
  });
}

function meanOf(items: readonly Weighted[]): number {
  const total = items.reduce((sum, { weight }) => sum + weight, 0);
  return items.reduce((sum, { value, weight }) => sum + value * weight, 0) / total;
}
