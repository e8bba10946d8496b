import type { Job } from "../../api/job.ts";
import type { Connection } from "../connect.ts";
import { INTERRUPTED } from "../stop.ts";
import type { SubmitOptions } from "../submit_option_flags.ts";
import { colours, note, noteColours, print, printJson } from "../terminal.ts";
import { followRun } from "./follow_run.ts";
import { followSweep } from "./follow_sweep.ts";
import { untilInterrupted } from "./interrupt.ts";
import { exitCodeOfJob, exitCodeOfRun, jobVerdict, ownExitCode, runVerdict } from "./outcome.ts";
import { openOutputSink } from "./output_sink.ts";
import { waitForJob } from "./wait_for.ts";

/**
 * Waits for a job just submitted, showing what was asked for meanwhile; returns the exit code.
 *
 * @param announce  says that it is submitted: whoever has read that may press Ctrl-C
 */
export async function followJob(
  connection: Connection,
  job: Job,
  how: SubmitOptions,
  announce: () => void,
): Promise<number> {
  const outcome = await untilInterrupted((signal) => {
    if (!how.json) announce();
    if (how.follow && !how.json) {
      return job.runs.total === 1 ? streamRun(connection, job, how, signal) : showSweep(connection, job, signal);
    }
    return waitSilently(connection, job, how, signal);
  });
  if (outcome !== "interrupted") return outcome;
  const back = job.runs.total > 1 ? `\n  wait:    runyard wait ${job.id}` : "";
  note(
    `\nDetached; job ${job.id} goes on.\n  follow:  runyard logs -f ${job.id}${back}\n  cancel:  runyard cancel ${job.id}`,
  );
  return INTERRUPTED;
}

async function streamRun(connection: Connection, job: Job, how: SubmitOptions, signal: AbortSignal): Promise<number> {
  const run = await followRun(
    connection,
    { job: job.id, n: 1 },
    {
      streams: ["out", "err"],
      sinks: {
        out: openOutputSink(process.stdout, { raw: false, prefix: null }),
        err: openOutputSink(process.stderr, { raw: false, prefix: null }),
      },
      tail: null,
      slowestMs: 300,
      signal,
    },
  );
  note(runVerdict(run, noteColours));
  return how.exitCode ? ownExitCode(run) : exitCodeOfRun(run);
}

async function showSweep(connection: Connection, job: Job, signal: AbortSignal): Promise<number> {
  return exitCodeOfJob(await followSweep(connection, job, signal));
}

async function waitSilently(
  connection: Connection,
  submitted: Job,
  how: SubmitOptions,
  signal: AbortSignal,
): Promise<number> {
  const job = await waitForJob(connection, submitted.id, signal);
  if (how.json) printJson({ job });
  if (job.runs.total > 1) {
    if (!how.json) print(jobVerdict(job, colours));
    return exitCodeOfJob(job);
  }
  const { run } = await connection.client.call("showRun", { params: { job: job.id, n: 1 }, signal });
  if (!how.json) print(runVerdict(run, colours));
  return how.exitCode ? ownExitCode(run) : exitCodeOfJob(job);
}
