import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { printable } from "../../core/printable.ts";
import { hasEnded } from "../../core/run.ts";
import type { Connection } from "../connect.ts";
import { untilInterrupted } from "../follow/interrupt.ts";
import { exitCodeOfJob, jobVerdict } from "../follow/outcome.ts";
import { watchJob } from "../follow/watch_job.ts";
import { runPages } from "../run_pages.ts";
import { INTERRUPTED } from "../stop.ts";
import { colours, note, print, printJson } from "../terminal.ts";
import type { BatchLine } from "./batch_file.ts";

/** Shows what starts and what ends, as ml-scheduler did, until all has ended; returns the exit code. */
export async function followBatch(
  connection: Connection,
  job: Job,
  lines: readonly BatchLine[],
  json: boolean,
): Promise<number> {
  if (!json) note(`Job ${job.id}. Ctrl-C detaches: it goes on.`);
  const ended = await untilInterrupted((signal) => watch(connection, job, lines, json, signal));
  if (ended === "interrupted") {
    note(
      `\nDetached; job ${job.id} goes on.\n  follow:  runyard logs -f ${job.id}\n  cancel:  runyard cancel ${job.id}`,
    );
    return INTERRUPTED;
  }
  if (json) printJson({ job: ended });
  else print(jobVerdict(ended, colours));
  return exitCodeOfJob(ended);
}

async function watch(
  connection: Connection,
  job: Job,
  lines: readonly BatchLine[],
  json: boolean,
  signal: AbortSignal,
): Promise<Job> {
  const started = new Set<string>();
  const over = new Set<string>();

  function meet(run: Run): void {
    const line = lines[Number(run.id.split(".")[1]) - 1];
    if (!line || json || run.status === "skipped") return;
    const what = `${printable(line.name)}; ${printable(line.text)}`;
    const gpu = run.gpus.length > 0 ? `export CUDA_VISIBLE_DEVICES=${run.gpus.join()} && ` : "";
    const hasStarted = run.status === "running" || (hasEnded(run.status) && run.startedAt !== null);
    if (hasStarted && !started.has(run.id)) {
      started.add(run.id);
      print(`started: ${printable(line.name)};  ${gpu}${printable(line.text)}`);
    }
    if (!hasEnded(run.status) || over.has(run.id)) return;
    over.add(run.id);
    const why = run.cause ? `  (${printable(run.cause.text)})` : "";
    print(run.status === "succeeded" ? `finished: ${what}` : `${run.status}: ${what}${why}`);
  }

  for await (const sight of watchJob(connection, job.id, signal)) {
    if (sight.kind === "run") {
      meet(sight.run);
      continue;
    }
    const isOver = sight.job.status !== "queued" && sight.job.status !== "running";
    // A bundle of news tells only so many runs one by one: at the end all are looked through.
    if (sight.kind === "anew" || isOver) {
      for await (const page of runPages(connection, job.id, { range: null, most: lines.length })) page.forEach(meet);
    }
    if (isOver) return sight.job;
  }
  throw new Error("the watch ended before the job did");
}
