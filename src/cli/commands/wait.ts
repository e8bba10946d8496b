import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { type Connection, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { watchSweep } from "../follow/follow_sweep.ts";
import { untilInterrupted } from "../follow/interrupt.ts";
import { exitCodeOfJob, exitCodeOfRun, jobVerdict, runVerdict } from "../follow/outcome.ts";
import { waitForJob, waitForRun } from "../follow/wait_for.ts";
import { INTERRUPTED, wrongUsage } from "../stop.ts";
import { type Target, targets } from "../target.ts";
import { colours, note, print, printJson } from "../terminal.ts";

export function declareWait({ command, act }: Declaration): void {
  command
    .argument("<what...>", "jobs or runs: 12, 12.3, 12.1-5, 3,5, last, all")
    .option("--json", "print JSON once, when the wait is over");
  act(command, () => wait(command.args, command.opts<{ json?: boolean }>()));
}

async function wait(words: readonly string[], { json }: { json?: boolean }): Promise<number> {
  const connection = await connectToLook();
  const named = await targets(connection, words);
  if (named.length === 0) {
    if (json) printJson({ jobs: [] });
    else note("There is nothing to wait for.");
    return 0;
  }
  const ends = await untilInterrupted(async (signal) => {
    const isWatched = named.length === 1 && !json && process.stderr.isTTY === true;
    const all: End[] = [];
    for (const target of named) all.push(...(await endsOf(connection, target, isWatched, signal)));
    return all;
  });
  if (ends === "interrupted") {
    note(`\nNo longer waiting; the runs go on. Cancel them with: runyard cancel ${words.join(",")}`);
    return INTERRUPTED;
  }
  if (json) printJson(answerOf(ends));
  else for (const end of ends) print(await verdictOf(connection, end));
  return ends.some((end) => ("job" in end ? exitCodeOfJob(end.job) : exitCodeOfRun(end.run)) !== 0) ? 1 : 0;
}

type End = { job: Job } | { run: Run };

async function endsOf(
  connection: Connection,
  { job, runs }: Target,
  isWatched: boolean,
  signal: AbortSignal,
): Promise<End[]> {
  if (!runs) return [{ job: await endOf(connection, job, isWatched, signal) }];
  if (runs.last - runs.first >= 10_000)
    throw wrongUsage("These are too many runs to wait for one by one: wait for the whole job.");
  const ends: End[] = [];
  for (let n = runs.first; n <= runs.last; n += 1) ends.push({ run: await waitForRun(connection, job, n, signal) });
  return ends;
}

/** @param isWatched  somebody looks on: shows how a job of several runs goes */
async function endOf(connection: Connection, id: number, isWatched: boolean, signal: AbortSignal): Promise<Job> {
  if (isWatched) {
    const { job } = await connection.client.call("showJob", { params: { job: id }, signal });
    if (job.endedAt === null && job.runs.total > 1) return watchSweep(connection, job, signal);
  }
  return waitForJob(connection, id, signal);
}

async function verdictOf({ client }: Connection, end: End): Promise<string> {
  if ("run" in end) return runVerdict(end.run, colours);
  const { job } = end;
  if (job.status !== "failed" || job.runs.total > 1) return jobVerdict(job, colours);
  const { run } = await client.call("showRun", { params: { job: job.id, n: 1 } });
  return jobVerdict(job, colours, run.cause?.text);
}

/** One job is `{"job"}`, one run `{"run"}`, several are lists. */
function answerOf(ends: readonly End[]): unknown {
  const [only, ...more] = ends;
  if (only && more.length === 0) return only;
  const jobs = ends.flatMap((end) => ("job" in end ? [end.job] : []));
  const runs = ends.flatMap((end) => ("run" in end ? [end.run] : []));
  return { ...(jobs.length > 0 && { jobs }), ...(runs.length > 0 && { runs }) };
}
