import type { Job } from "../api/job.ts";
import type { Command } from "../core/command.ts";
import { commandLine } from "../core/command_line.ts";
import type { CompiledWork } from "../core/work.ts";
import { commitOf } from "../snapshots/git.ts";
import { ask } from "./ask.ts";
import { type Connection, connectToChange } from "./connect.ts";
import type { JobOptions } from "./job_options.ts";
import { counted } from "./number_text.ts";
import { allPools } from "./pages.ts";
import { prepareSubmission, prepareWork } from "./prepare_job.ts";
import { printable } from "./printable.ts";
import { INTERRUPTED, wrongUsage } from "./stop.ts";
import type { SubmitOptions } from "./submit_option_flags.ts";
import { type Colours, canAsk, colours, note, noteColours, print, printJson, write } from "./terminal.ts";

/** Submits a job and does what was asked for after it; returns the exit code. */
export async function submitJob(
  command: Command | null,
  options: Partial<JobOptions>,
  how: SubmitOptions & { isSweep: boolean },
): Promise<number> {
  if (how.exitCode && !how.wait && !how.follow)
    throw wrongUsage("--exit-code belongs to --wait or --follow: without them nothing has ended yet.");
  if (how.dryRun && how.json) throw wrongUsage("--dry-run prints commands for a shell, not JSON: leave out --json.");
  const prepared = await prepareWork(command, options, how.isSweep);
  const submission = await prepareSubmission(prepared.work, options);
  if (how.dryRun) return printCommands(prepared.compiled, 1);
  const { total } = prepared.compiled;
  if (total > 1 && !how.yes && !how.json && canAsk()) {
    const answer = await ask(`Submit ${counted(total, "run")}?`);
    if (answer !== "yes") {
      note("Nothing was queued.");
      return answer === "interrupted" ? INTERRUPTED : 1;
    }
  }
  const quiet = how.json === true;
  const commit = commitOf(submission.cwd);
  const connection = await connectToChange({ quiet });
  const after = await afterJobs(connection, options.after ?? []);
  const needsSnapshot = options.snapshot || (await leavesThisMachine(connection, options.pool ?? "local"));
  const snapshot = needsSnapshot ? await takeSnapshotOf(connection, submission.cwd, how) : null;
  const { job } = await connection.client.call("submit", {
    body: { ...submission, after, snapshot, commit: await commit },
  });
  return goOn(connection, job, how);
}

/** The commands of the runs from number `first` on, one a line, as a shell reads them. */
export async function printCommands(compiled: CompiledWork, first: number): Promise<number> {
  let lines = "";
  for (let n = first; n <= compiled.total; n += 1) {
    lines += `${commandLine(compiled.run(n).command)}\n`;
    if (lines.length < 65_536 && n < compiled.total) continue;
    await write(process.stdout, lines);
    lines = "";
  }
  return 0;
}

async function goOn(connection: Connection, job: Job, how: SubmitOptions): Promise<number> {
  if (how.wait || how.follow) {
    const { followJob } = await import("./follow/follow_job.ts");
    return followJob(connection, job, how, () => note(queued(job, noteColours)));
  }
  if (how.json) printJson({ job });
  else if (job.endedAt !== null) await printEnded(connection, job);
  else printQueued(job);
  return 0;
}

/** What it waits for has failed before. */
async function printEnded({ client }: Connection, job: Job): Promise<void> {
  const { run } = await client.call("showRun", { params: { job: job.id, n: 1 } });
  const why = run.cause ? `: ${printable(run.cause.text)}` : "";
  print(`${colours.bold(`Job ${job.id}`)}: ${counted(job.runs.total, "run")} ${job.status} at once${why}.`);
  print(`  explain:    runyard explain ${job.id}`);
}

function queued(job: Job, { bold }: Colours): string {
  const held = job.paused ? " It is paused." : "";
  return `${bold(`Job ${job.id}`)}: ${counted(job.runs.total, "run")} queued.${held}`;
}

function printQueued(job: Job): void {
  print(queued(job, colours));
  if (job.paused) print(`  let it go:  runyard resume ${job.id}`);
  print(`  follow:     runyard logs -f ${job.id}`);
  print(`  explain:    runyard explain ${job.id}`);
  print(`  cancel:     runyard cancel ${job.id}`);
}

/** Those that it is to start after; `last` is the one submitted last. */
export async function afterJobs(
  connection: Connection,
  after: JobOptions["after"],
): Promise<{ job: number; any: boolean }[]> {
  const jobs = [];
  for (const { job, any } of after) {
    if (job !== "last") jobs.push({ job, any });
    else {
      const { jobs: found } = await connection.client.call("listJobs", { query: { select: "last" } });
      jobs.push(...found.map(({ id }) => ({ job: id, any })));
    }
  }
  return jobs;
}

/** Whether the job may run where this machine's folders are not: its code then goes along as it is now. */
async function leavesThisMachine(connection: Connection, pool: string): Promise<boolean> {
  return (await allPools(connection)).some(({ name, remote }) => name === pool && remote);
}

async function takeSnapshotOf(connection: Connection, folder: string, how: SubmitOptions): Promise<string> {
  const { takeCode } = await import("./take_code.ts");
  return takeCode(connection, folder, { yes: how.yes === true, quiet: how.json === true });
}
