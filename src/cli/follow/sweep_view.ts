import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { bar, grouped, valuesText, valueText } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { formatDuration } from "../../core/quantity.ts";
import { obviousSort, sortRuns } from "../results_table.ts";
import { statusGlyph } from "../statuses.ts";
import type { Colours } from "../terminal.ts";
import { cutTo, textWidth } from "../text_width.ts";

/** What is known of a sweep that is being followed. */
export interface SweepSight {
  job: Job;
  /** Runs that run, by number. */
  running: ReadonlyMap<number, Run>;
  /** The best run so far, null where none has told a number as its result. */
  best: Run | null;
  etaMs: number | null;
}

/** The lines of the live area: a line per running run as far as there is room, the best so far, then the bar. */
export function sweepLines(sight: SweepSight, size: { columns: number; rows: number }, colours: Colours): string[] {
  const best = bestLine(sight.best, size.columns, colours);
  const room = Math.max(1, Math.min(size.rows - 3 - best.length, 20));
  const running = [...sight.running.values()];
  const shown = running.slice(0, running.length > room ? room - 1 : room);
  const lines = shown.map((run) => runLine(run, size.columns, colours));
  const hidden = sight.job.runs.running - shown.length;
  if (hidden > 0) lines.push(colours.dim(`  … ${grouped(hidden)} more running`));
  return [...lines, ...best, sweepLine(sight, size.columns, colours)];
}

function runLine(run: Run, columns: number, colours: Colours): string {
  const share = run.progress?.of ? Math.min(1, run.progress.done / run.progress.of) : null;
  const progress = share === null ? "" : `  ${bar(share, 10)} ${String(Math.floor(share * 100)).padStart(3)} %`;
  const metrics = valuesText(run.metrics);
  // What it is gives way to how far it is, and at most half of its room to the metrics.
  const room = columns - 3 - textWidth(`${run.id}  ${progress}  `);
  const what = cutTo(whatOf(run), Math.max(Math.floor(room / 2), room - textWidth(metrics)));
  return `${statusGlyph(run.status, colours)} ${cutTo(`${run.id}  ${what}${progress}  ${metrics}`.trimEnd(), columns - 3)}`;
}

/** `lr=0.1 hidden=8`, or the command where there are no parameters. */
export function whatOf(run: Run): string {
  const params = Object.entries(run.paramsText).map(([name, value]) => `${name}=${value}`);
  return printable(params.length > 0 ? params.join(" ") : run.command);
}

/** `best accuracy=0.97  12.3  lr=0.1 hidden=8`, where there is one. */
function bestLine(best: Run | null, columns: number, colours: Colours): string[] {
  const key = best && obviousSort([best])?.replace(/^-/, "");
  if (!best || !key) return [];
  const value = `best ${printable(key)}=${valueText(best.result[key])}`;
  return [`${colours.green("★")} ${cutTo(`${value}  ${best.id}  ${whatOf(best)}`, columns - 3)}`];
}

/** `███░░ 66 %  4/6 · 1 failed · 2 running · ETA 12s`. */
function sweepLine(sight: SweepSight, columns: number, colours: Colours): string {
  const { job, etaMs } = sight;
  const { total, queued, running, failed, cancelled } = job.runs;
  const ended = total - queued - running;
  const parts = [`${grouped(ended)}/${grouped(total)}`];
  if (failed > 0) parts.push(`${grouped(failed)} failed`);
  if (cancelled > 0) parts.push(`${grouped(cancelled)} cancelled`);
  if (job.paused) parts.push("paused");
  if (running > 0) parts.push(`${grouped(running)} running`);
  if (etaMs !== null) parts.push(`ETA ${formatDuration(Math.max(1000, Math.round(etaMs / 1000) * 1000))}`);
  const share = total === 0 ? 1 : workDone(sight) / total;
  const text = `${Math.floor(share * 100)} %  ${parts.join(" · ")}`;
  const width = Math.max(5, Math.min(30, columns - textWidth(text) - 3));
  return `${colours.blue(bar(share, width))} ${cutTo(text, columns - width - 2)}`;
}

/** The better of two runs by the first number in their results. */
export function betterOf(a: Run | null, b: Run): Run | null {
  const sort = obviousSort(a ? [a, b] : [b]);
  return sort === null ? a : (sortRuns(a ? [a, b] : [b], sort)[0] ?? a);
}

/** How long the rest takes at the pace since `since`; null while there is nothing to tell it by. */
export function estimateMs(
  sight: Pick<SweepSight, "job" | "running">,
  since: { at: number; done: number },
  now: number,
): number | null {
  const done = workDone(sight) - since.done;
  const elapsedMs = now - since.at;
  const left = sight.job.runs.total - workDone(sight);
  if (done <= 0 || elapsedMs < 500 || left <= 0) return null;
  return (elapsedMs / done) * left;
}

/** Runs that have ended, and the shares of those that run. */
export function workDone({ job, running }: Pick<SweepSight, "job" | "running">): number {
  const { total, queued, running: count } = job.runs;
  let done = total - queued - count;
  for (const { progress } of running.values()) if (progress?.of) done += Math.min(1, progress.done / progress.of);
  return done;
}
