import type { Run } from "../../api/run.ts";
import { isMisread, wholeNumber } from "../../core/option_values.ts";
import { parseDurationMs } from "../../core/quantity.ts";
import { type Connection, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { followRuns } from "../follow/follow_runs.ts";
import { untilInterrupted } from "../follow/interrupt.ts";
import { type OutputSink, openOutputSink } from "../follow/output_sink.ts";
import { openRunOutput, type Stream } from "../follow/run_output.ts";
import { ranSince } from "../ran_since.ts";
import { runPages } from "../run_pages.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { type Target, targets } from "../target.ts";
import { note } from "../terminal.ts";

interface LogsOptions {
  follow?: boolean;
  tail?: string;
  since?: string;
  stream?: string;
  worker?: string;
  raw?: boolean;
}

/** What is shown, and how. */
interface LogsPlan {
  streams: readonly Stream[];
  tail: number | null;
  /** Runs that did not run since then are left out; null: none are. */
  since: number | null;
  /** Of several workers which one is shown, by its rank. */
  worker: number;
  raw: boolean;
}

export function declareLogs({ command, act }: Declaration): void {
  command
    .argument("<what...>", "a job (12: all its runs), a run (12.3), some runs (12.1-5), last")
    .option("-f, --follow", "go on until the runs have ended")
    .option("--tail <N>", "begin with the last N lines of each run")
    .option("--since <TIME>", "only runs that ran since then (10m, 2h), each with all it has printed; see --tail")
    .option("--stream <WHICH>", "only out, or only err")
    .option("--worker <RANK>", "of a run with several workers, that one (default: 0)")
    .option("--raw", "pass every byte on, also to a terminal; no prefixes");
  act(command, () => logs(command.args, command.opts<LogsOptions>()));
}

async function logs(words: readonly string[], options: LogsOptions): Promise<number> {
  const plan = planFrom(options);
  const connection = await connectToLook();
  // Who comes from other tools expects lines since then.
  if (plan.since !== null && plan.tail === null && process.stderr.isTTY)
    note(
      "Output bears no times: of every run that ran since then all is shown. --tail N shows the last lines of each.",
    );
  const named = await targets(connection, words);
  const outcome = await untilInterrupted(async (signal) => {
    if (!options.follow) return printLogs(connection, words, named, plan, signal);
    if (process.stderr.isTTY) await noteWaiting(connection, named);
    const isOne = await namesOneRun(connection, named);
    await followRuns(connection, named, {
      ...plan,
      sinkFor: (run, stream) => sinkFor(run, stream, plan, isOne),
      signal,
    });
    return 0;
  });
  return outcome === "interrupted" ? INTERRUPTED : outcome;
}

function planFrom({ tail, since, stream, worker, raw, follow }: LogsOptions): LogsPlan {
  if (stream !== undefined && stream !== "out" && stream !== "err")
    throw wrongUsage(`--stream ${stream}: it is out or err.`);
  const lines = tail === undefined ? null : wholeNumber(tail, 0, 1_000_000);
  if (isMisread(lines)) throw wrongUsage(`--tail ${tail}: ${lines.misread}`);
  const rank = worker === undefined ? 0 : wholeNumber(worker, 0, 1023);
  if (isMisread(rank)) throw wrongUsage(`--worker ${worker}: ${rank.misread}`);
  if (rank > 0 && follow)
    throw wrongUsage("--follow shows worker 0. Leave it out to see what another one has printed so far.");
  const sinceMs = since === undefined ? null : parseDurationMs(since);
  if (since !== undefined && sinceMs === null) throw wrongUsage(`--since ${since}: it takes a duration: 90s, 15m, 2h.`);
  return {
    streams: stream === undefined ? ["out", "err"] : [stream],
    tail: lines,
    since: sinceMs === null ? null : Date.now() - sinceMs,
    worker: rank,
    raw: raw ?? false,
  };
}

/** Where one job's only run is meant, its lines need no prefix. */
async function namesOneRun({ client }: Connection, named: readonly Target[]): Promise<boolean> {
  const [target, ...more] = named;
  if (!target || more.length > 0) return false;
  if (target.runs) return target.runs.first === target.runs.last;
  return (await client.call("showJob", { params: { job: target.job } })).job.runs.total === 1;
}

/** Who sees nothing yet is told that there is nothing yet. */
async function noteWaiting({ client }: Connection, named: readonly Target[]): Promise<void> {
  for (const { job: id } of named) {
    const { job } = await client.call("showJob", { params: { job: id } });
    if (job.status === "queued") note(`Job ${id} has not begun; why: runyard explain ${id}`);
  }
}

function sinkFor(run: string, stream: Stream, plan: LogsPlan, isOne: boolean): OutputSink {
  const target = stream === "out" ? process.stdout : process.stderr;
  return openOutputSink(target, { raw: plan.raw, prefix: isOne || plan.raw ? null : `${run} | ` });
}

async function printLogs(
  connection: Connection,
  words: readonly string[],
  named: readonly Target[],
  plan: LogsPlan,
  signal: AbortSignal,
): Promise<number> {
  const isOne = await namesOneRun(connection, named);
  let isAnyBegun = false;
  for (const { job, runs } of named) {
    for await (const page of runPages(connection, job, { range: runs, most: Number.POSITIVE_INFINITY })) {
      for (const run of page) {
        if (signal.aborted) return INTERRUPTED;
        isAnyBegun ||= run.attempts > 0;
        if (await isWanted(connection, run, plan)) await printRunLog(connection, run, plan, isOne);
      }
    }
  }
  if (!isAnyBegun && named.length > 0) note(`Nothing of it has begun; why: runyard explain ${words.join(" ")}`);
  return 0;
}

async function isWanted({ client }: Connection, run: Run, { since }: LogsPlan): Promise<boolean> {
  if (run.attempts === 0 || since === null) return run.attempts > 0;
  if (run.status !== "queued") return ranSince(run, since);
  // It waits for its next try: when its last one ended only that knows.
  const [job = 0, n = 0] = run.id.split(".").map(Number);
  const last = (await client.call("showRun", { params: { job, n } })).attempts.at(-1);
  return last !== undefined && ranSince(last, since);
}

async function printRunLog(connection: Connection, run: Run, plan: LogsPlan, isOne: boolean): Promise<void> {
  const { id } = run;
  const [job = 0, n = 0] = id.split(".").map(Number);
  const worker = run.workers[plan.worker];
  if (plan.worker > 0 && !worker)
    return note(`Run ${id} has no worker ${plan.worker}: they count from 0 to ${Math.max(0, run.workers.length - 1)}.`);
  const attempt = plan.worker === 0 ? null : (worker?.attempt ?? null);
  for (const stream of plan.streams) {
    const sink = sinkFor(id, stream, plan, isOne);
    const output = openRunOutput(connection, { job, n }, { stream, attempt, tail: plan.tail });
    await output.advance((bytes) => sink.take(bytes));
    await sink.end();
  }
}
