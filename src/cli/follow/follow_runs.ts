import type { Run } from "../../api/run.ts";
import { hasEnded } from "../../core/run.ts";
import type { Connection } from "../connect.ts";
import { ranSince } from "../ran_since.ts";
import { runPages } from "../run_pages.ts";
import type { Target } from "../target.ts";
import { note, noteColours } from "../terminal.ts";
import { followRun } from "./follow_run.ts";
import { runVerdict } from "./outcome.ts";
import type { OutputSink } from "./output_sink.ts";
import type { Stream } from "./run_output.ts";
import { watchJob } from "./watch_job.ts";

/** Runs whose output is read at the same time; more wait for their turn, and none of their output is lost. */
const AT_ONCE = 32;
const SLOWEST_MS = 500;

interface FollowRunsOptions {
  streams: readonly Stream[];
  tail: number | null;
  /** Runs that did not run since then are left out; null: none are. */
  since: number | null;
  sinkFor(run: string, stream: Stream): OutputSink;
  signal: AbortSignal;
}

/** Follows the output of all that is named, runs that start later included, until every one has ended. */
export async function followRuns(
  connection: Connection,
  named: readonly Target[],
  options: FollowRunsOptions,
): Promise<void> {
  const queue = openTurns(AT_ONCE);
  await Promise.all(named.map((target) => followTarget(connection, target, options, queue)));
}

async function followTarget(
  connection: Connection,
  target: Target,
  options: FollowRunsOptions,
  turns: Turns,
): Promise<void> {
  const { signal, since } = options;
  const seen = new Set<string>();
  const followed: Promise<void>[] = [];
  const ending = new AbortController();
  const isMeant = (run: Run) => {
    const n = Number(run.id.split(".")[1]);
    return !target.runs || (n >= target.runs.first && n <= target.runs.last);
  };

  function meet(run: Run): void {
    const isOld = since !== null && !ranSince(run, since);
    if (seen.has(run.id) || run.status === "queued" || run.attempts === 0 || isOld || !isMeant(run)) return;
    seen.add(run.id);
    const following = turns.take(() => followOne(connection, run.id, options));
    // One that fails ends the watching; what it says is told at the end, by the promise itself.
    following.catch(() => ending.abort());
    followed.push(following);
  }

  for await (const sight of watchJob(connection, target.job, AbortSignal.any([signal, ending.signal]))) {
    if (sight.kind === "run") meet(sight.run);
    const isOver = sight.kind !== "run" && sight.job.status !== "queued" && sight.job.status !== "running";
    // A bundle of news tells only so many runs one by one: at the end all are looked through.
    let areMeantOver = isOver;
    if (sight.kind === "anew" || isOver) areMeantOver = (await lookThrough(connection, target, meet)) || isOver;
    else if (sight.kind === "run" && target.runs && hasEnded(sight.run.status))
      areMeantOver = await lookThrough(connection, target, meet);
    if (areMeantOver) break;
  }
  await Promise.all(followed);
}

/** Meets every run that is meant; returns whether all of them have ended. */
async function lookThrough(connection: Connection, target: Target, meet: (run: Run) => void): Promise<boolean> {
  let areOver = true;
  for await (const page of runPages(connection, target.job, { range: target.runs, most: Number.POSITIVE_INFINITY })) {
    for (const run of page) {
      meet(run);
      areOver &&= hasEnded(run.status);
    }
  }
  return areOver;
}

async function followOne(connection: Connection, id: string, options: FollowRunsOptions): Promise<void> {
  const [job = 0, n = 0] = id.split(".").map(Number);
  const { streams, tail, sinkFor, signal } = options;
  const sinks = { out: sinkFor(id, "out"), err: sinkFor(id, "err") };
  const run = await followRun(connection, { job, n }, { streams, sinks, tail, slowestMs: SLOWEST_MS, signal });
  if (process.stderr.isTTY || run.status !== "succeeded") note(runVerdict(run, noteColours));
}

interface Turns {
  take(work: () => Promise<void>): Promise<void>;
}

/** Lets at most `atOnce` works go on at the same time, first come first served. */
function openTurns(atOnce: number): Turns {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return {
    async take(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}
