import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { runtime } from "../../core/local_time.ts";
import { counted, grouped, valuesText } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { hasEnded } from "../../core/run.ts";
import type { Connection } from "../connect.ts";
import { layResults, obviousSort, sortRuns } from "../results_table.ts";
import { statusGlyph } from "../statuses.ts";
import { colours, note, noteColours, outputWidth, print } from "../terminal.ts";
import { openLiveArea } from "./live_area.ts";
import { countsText, jobVerdict } from "./outcome.ts";
import { betterOf, estimateMs, type SweepSight, sweepLines, whatOf, workDone } from "./sweep_view.ts";
import { watchJob } from "./watch_job.ts";

/** Larger sweeps tell their counts now and then instead of a line per run. */
const LINE_PER_RUN = 500;
const COUNTS_EVERY_MS = 10_000;
const FAILURES_SHOWN = 20;
const TABLE_ROWS = 200;
const TOP_ROWS = 20;

/** Shows a sweep while it runs, and ends with the table of its results, best first. */
export async function followSweep(connection: Connection, submitted: Job, signal: AbortSignal): Promise<Job> {
  const job = await watchSweep(connection, submitted, signal);
  await printResults(connection, job, signal);
  note(jobVerdict(job, noteColours));
  return job;
}

/** Shows how a sweep goes until it has ended. */
export async function watchSweep(connection: Connection, submitted: Job, signal: AbortSignal): Promise<Job> {
  const view = process.stderr.isTTY ? openLiveView(signal) : openPlainView();
  const told = new Set<number>();
  const running = new Map<number, Run>();
  let sight: SweepSight = { job: submitted, running, best: null, etaMs: null };
  const since = { at: Date.now(), done: workDone(sight) };
  try {
    for await (const seen of watchJob(connection, submitted.id, signal)) {
      if (seen.kind === "run") see(seen.run);
      else sight = { ...sight, job: seen.job };
      if (seen.kind === "anew") await lookAtRuns();
      sight = { ...sight, etaMs: estimateMs(sight, since, Date.now()) };
      view.show(sight);
      if (seen.kind !== "run" && isOver(seen.job)) break;
    }
    if (signal.aborted) throw new Error("interrupted");
    // A bundle of news tells only so many runs one by one.
    if (sight.job.runs.total <= LINE_PER_RUN) for (const run of await firstRuns(connection, sight.job.id)) see(run);
  } finally {
    view.close();
  }
  return sight.job;

  function see(run: Run): void {
    const n = Number(run.id.split(".")[1]);
    if (!hasEnded(run.status)) {
      told.delete(n);
      if (run.status === "queued") running.delete(n);
      else running.set(n, run);
      return;
    }
    running.delete(n);
    if (told.has(n)) return;
    told.add(n);
    sight = { ...sight, best: betterOf(sight.best, run) };
    view.ended(run, sight.job);
  }

  async function lookAtRuns(): Promise<void> {
    const params = { job: submitted.id };
    const now = await connection.client.call("listRuns", {
      params,
      query: { status: "starting,running", limit: 200 },
      signal,
    });
    running.clear();
    for (const run of now.runs) see(run);
    if (sight.job.runs.total <= LINE_PER_RUN) for (const run of await firstRuns(connection, submitted.id)) see(run);
  }
}

interface SweepShow {
  show(sight: SweepSight): void;
  ended(run: Run, job: Job): void;
  close(): void;
}

function openLiveView(signal: AbortSignal): SweepShow {
  const area = openLiveArea(process.stderr);
  signal.addEventListener("abort", () => area.close(), { once: true });
  const size = () => ({ columns: process.stderr.columns || 80, rows: process.stderr.rows || 24 });
  let failures = 0;
  return {
    show: (sight) => area.draw(() => sweepLines(sight, size(), noteColours)),
    ended(run) {
      if (run.status !== "failed") return;
      failures += 1;
      if (failures <= FAILURES_SHOWN) area.above(endLine(run));
    },
    close: () => area.close(),
  };
}

function openPlainView(): SweepShow {
  let saidAt = Date.now();
  return {
    show({ job }) {
      if (job.runs.total <= LINE_PER_RUN || Date.now() - saidAt < COUNTS_EVERY_MS) return;
      saidAt = Date.now();
      note(`Job ${job.id}: ${countsText(job)}`);
    },
    ended(run, job) {
      if (job.runs.total <= LINE_PER_RUN) note(endLine(run));
    },
    close: () => {},
  };
}

function endLine(run: Run): string {
  const why = run.status === "failed" && run.cause ? `: ${printable(run.cause.text)}` : "";
  const took = runtime(run, Date.now());
  const values = valuesText(run.result);
  return `${statusGlyph(run.status, noteColours)} ${run.id} ${run.status}${why}  ${took}  ${whatOf(run)}  ${values}`.trimEnd();
}

function isOver(job: Job): boolean {
  return job.status !== "queued" && job.status !== "running";
}

async function firstRuns(connection: Connection, job: number): Promise<Run[]> {
  return (await connection.client.call("results", { params: { job }, query: { limit: LINE_PER_RUN } })).runs;
}

/** The whole table of a small sweep; the best rows of a large one. */
async function printResults(connection: Connection, job: Job, signal: AbortSignal): Promise<void> {
  const params = { job: job.id };
  const { runs } = await connection.client.call("results", { params, query: { limit: TABLE_ROWS }, signal });
  const sort = obviousSort(runs);
  const isLarge = job.runs.total > TABLE_ROWS;
  let rows = sort === null ? runs : sortRuns(runs, sort);
  if (isLarge) {
    const query = { limit: TOP_ROWS, ...(sort !== null && { sort }) };
    rows = (await connection.client.call("results", { params, query, signal })).runs;
  }
  const table = layResults(rows, outputWidth(), colours, Date.now());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
  if (isLarge) note(`… ${grouped(job.runs.total - rows.length)} more: runyard results ${job.id}`);
  if (table.hidden > 0) note(`${counted(table.hidden, "more column")}: runyard results ${job.id} --csv`);
}
