import { grouped } from "../core/number_text.ts";
import { formatDuration } from "../core/quantity.ts";
import { completionSeconds, type Figures, queueingSeconds } from "../simulator/figures.ts";
import type { SimulatedJob } from "../simulator/simulate.ts";
import type { Timeline } from "../simulator/timeline.ts";
import type { TraceJob } from "../simulator/trace.ts";
import { writeCsvLine } from "./csv.ts";
import { layTable } from "./table.ts";
import { colours, note, outputWidth, print, printJson } from "./terminal.ts";

/** A policy's answer to a trace. */
export interface Outcome {
  policy: string;
  simulated: readonly SimulatedJob[];
  figures: Figures;
  timeline: Timeline;
  /** How long the simulation itself took; null: nothing was simulated, it is what really happened. */
  tookSeconds: number | null;
}

/** What stands in the place of a policy's name where it is told what really happened. */
export const AS_LIVED = "as lived";

/** @param lived  what really happened; null: that is not known */
export function writeJson(outcomes: readonly Outcome[], lived: Outcome | null): void {
  const told = outcomes.map(({ policy, figures, tookSeconds }) => ({ policy, ...figures, tookSeconds }));
  printJson({ ...(told.length === 1 ? told[0] : { policies: told }), ...(lived && { lived: lived.figures }) });
}

/** How long jobs have waited, and how long they would have under the policy that keeps them waiting least: medians. */
export function waitSentence(lived: Outcome, outcomes: readonly Outcome[]): string {
  const waitOf = ({ figures }: Outcome) => figures.medianQueueingSeconds;
  const best = outcomes.reduce((least, outcome) => (waitOf(outcome) < waitOf(least) ? outcome : least));
  const [was, would] = [timeText(waitOf(lived)), timeText(waitOf(best))];
  const under = `Under ${best.policy} your median wait would have been`;
  return was === would ? `${under} ${was}, as it was.` : `${under} ${would} instead of ${was}.`;
}

function timeText(seconds: number): string {
  return formatDuration(1000 * Math.round(seconds)).replace(/^0ms$/, "0s");
}

/** As a trace that can be read again. */
export async function writeTrace(jobs: readonly TraceJob[]): Promise<void> {
  const isElastic = jobs.some(({ elastic }) => elastic);
  const range = isElastic ? ["min_gpus", "max_gpus", "serial"] : [];
  await writeCsvLine(["job_id", "num_gpu", "submit_time", "duration", "priority", "user", ...range]);
  for (const { id, gpus, submittedAt, durationSeconds, priority, user, elastic } of jobs) {
    const { min = "", max = "", serial = "" } = elastic ?? {};
    const its = isElastic ? [min, max, serial] : [];
    await writeCsvLine([id, gpus, submittedAt, durationSeconds, priority, user, ...its]);
  }
}

export async function writeCsv(outcomes: readonly Outcome[]): Promise<void> {
  const head = ["policy", "job_id", "num_gpu", "submit_time", "duration", "start_time", "end_time"];
  const areResized = haveResizes(outcomes);
  await writeCsvLine([
    ...head,
    "completion_seconds",
    "queueing_seconds",
    "preemptions",
    ...(areResized ? ["resizes"] : []),
  ]);
  for (const { policy, simulated } of outcomes) {
    for (const one of simulated) {
      const { job, startedAt, endedAt, preemptions, resizes } = one;
      const times = [job.submittedAt, job.durationSeconds, startedAt, endedAt];
      await writeCsvLine([
        policy,
        job.id,
        job.gpus,
        ...times,
        completionSeconds(one),
        queueingSeconds(one),
        preemptions,
        ...(areResized ? [resizes] : []),
      ]);
    }
  }
}

export function writeTable(outcomes: readonly Outcome[]): void {
  const areResized = haveResizes(outcomes);
  const counts = areResized ? ["PREEMPTIONS", "RESIZES"] : ["PREEMPTIONS"];
  const columns = [
    { title: "POLICY" },
    ...["AVERAGE", "MEDIAN", "P95", "P99", "QUEUEING", "MAKESPAN", ...counts, "USED", "FAIR", "TOOK"].map(
      (title, i) => ({
        title,
        align: "right" as const,
        optional: i > 0,
      }),
    ),
  ];
  const rows = outcomes.map(({ policy, figures, tookSeconds }) => [
    policy,
    secondsText(figures.averageCompletionSeconds),
    secondsText(figures.medianCompletionSeconds),
    secondsText(figures.p95CompletionSeconds),
    secondsText(figures.p99CompletionSeconds),
    secondsText(figures.averageQueueingSeconds),
    grouped(figures.makespanSeconds),
    grouped(figures.preemptions),
    ...(areResized ? [grouped(figures.resizes)] : []),
    `${(100 * figures.utilization).toFixed(1)} %`,
    figures.fairness.toFixed(2),
    tookSeconds === null ? "" : `${tookSeconds.toFixed(2)} s`,
  ]);
  const table = layTable(columns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
  note(
    "In seconds; AVERAGE to P99: from a job's submission to its end. USED: of the GPU time until the last end. FAIR: 1 where all users are served alike.",
  );
}

/** Else there is no column for them. */
function haveResizes(outcomes: readonly Outcome[]): boolean {
  return outcomes.some(({ figures }) => figures.resizes > 0);
}

/** `991,167.0`. */
function secondsText(seconds: number): string {
  const [whole = "", part] = seconds.toFixed(1).split(".");
  return `${grouped(Number(whole))}.${part}`;
}
