import type { Job } from "../api/job.ts";
import type { Command } from "../core/command.ts";
import { commandLine } from "../core/command_line.ts";
import type { JobOptions } from "../core/job_options.ts";
import { counted } from "../core/number_text.ts";
import { poolsIn } from "../core/pool.ts";
import { printable } from "../core/printable.ts";
import type { CompiledWork } from "../core/work.ts";
import { commitOf } from "../snapshots/git.ts";
import { ask } from "./ask.ts";
import { type Connection, connectToChange } from "./connect.ts";
import { allPools } from "./pages.ts";
import { printScripts } from "./pools/print_scripts.ts";
import { type ChosenPools, resolvePools } from "./pools/resolve_pools.ts";
import { demandFrom, prepareSubmission, prepareWork } from "./prepare_job.ts";
import { type ScriptPart, withScript } from "./sbatch_file.ts";
import { INTERRUPTED, wrongUsage } from "./stop.ts";
import type { SubmitOptions } from "./submit_option_flags.ts";
import { type Colours, canAsk, colours, note, noteColours, print, printJson, write } from "./terminal.ts";

/** Submits a job and does what was asked for after it; returns the exit code. `script`: what a batch script says to Slurm. */
export async function submitJob(
  command: Command | null,
  options: Partial<JobOptions>,
  how: SubmitOptions & { isSweep: boolean; script?: ScriptPart },
): Promise<number> {
  if (how.exitCode && !how.wait && !how.follow)
    throw wrongUsage("--exit-code belongs to --wait or --follow: without them nothing has ended yet.");
  if (how.dryRun && how.json) throw wrongUsage("--dry-run prints commands for a shell, not JSON: leave out --json.");
  const named = await resolvePools(options.pool);
  const chosen = {
    ...named,
    slurm: how.script ? withScript(options.pool ?? "", named.slurm, how.script) : named.slurm,
  };
  const { work, compiled } = await prepareWork(command, options, how.isSweep, chosen.env);
  const submission = await prepareSubmission(work, options, chosen);
  if (how.dryRun) {
    const { slurm } = submission;
    if (how.isSweep || !slurm) return printCommands(compiled, 1);
    const { timeLimitMs = null, resumable = false } = options;
    return printScripts(compiled, slurm, { demand: demandFrom(options), timeLimitMs, resumable });
  }
  const { total } = compiled;
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
  await refuseUnclear(connection, chosen);
  const after = await afterJobs(connection, options.after ?? []);
  const needsSnapshot = options.snapshot || (await leavesThisMachine(connection, chosen));
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

/** Refuses a name that leads to one pool by the folder's `config.json`, and to another one by the yard. */
export async function refuseUnclear(connection: Connection, { unclear }: ChosenPools): Promise<void> {
  if (unclear.length === 0) return;
  const known = await allPools(connection);
  const two = unclear.find((one) => known.some(({ name }) => name === one));
  if (two === undefined) return;
  throw wrongUsage(
    `--on ${two}: the yard has a pool of that name, and config.json defines one too. For that write slurm:${two} or local:${two}.`,
  );
}

/** Whether the job may run where this machine's folders are not: its code then goes along as it is now. */
async function leavesThisMachine(connection: Connection, { pool = "local", slurm }: ChosenPools): Promise<boolean> {
  if (slurm?.login) return true;
  const names = poolsIn(pool);
  return (await allPools(connection)).some(({ name, remote }) => remote && names.includes(name));
}

async function takeSnapshotOf(connection: Connection, folder: string, how: SubmitOptions): Promise<string> {
  const { takeCode } = await import("./take_code.ts");
  return takeCode(connection, folder, { yes: how.yes === true, quiet: how.json === true });
}
