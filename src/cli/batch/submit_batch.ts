import { existsSync, statSync } from "node:fs";
import { normalize } from "node:path";
import type { JobOptions } from "../../core/job_options.ts";
import { poolsIn } from "../../core/pool.ts";
import { printable } from "../../core/printable.ts";
import { compileWork, type Work } from "../../core/work.ts";
import { connectToChange } from "../connect.ts";
import { printScripts } from "../pools/print_scripts.ts";
import { type ChosenPools, resolvePools } from "../pools/resolve_pools.ts";
import { workAfterEnv } from "../pools/work_after_env.ts";
import { demandFrom, prepareSubmission } from "../prepare_job.ts";
import { wrongUsage } from "../stop.ts";
import { afterJobs, refuseUnclear } from "../submit_job.ts";
import { good } from "../sweep_space.ts";
import { takeCode } from "../take_code.ts";
import { note, print, printJson } from "../terminal.ts";
import type { BatchLine } from "./batch_file.ts";
import type { BatchOptions } from "./batch_options.ts";
import { followBatch } from "./follow_batch.ts";
import { type NamedMachineFile, registerMachines } from "./register_machines.ts";

export interface BatchOrder extends BatchOptions {
  file: string;
  lines: BatchLine[];
  machines: NamedMachineFile[];
  /** Null: that of the machine files. */
  pool: string | null;
  /** Absolute. */
  resultsFolder: string;
  queue: boolean;
  detach: boolean;
  /** What was said of the batch as of any job. */
  job: Partial<JobOptions>;
  yes: boolean;
  json: boolean;
}

/** Queues a batch and, unless it is to be left alone, shows how it goes; returns the exit code. */
export async function submitBatch(order: BatchOrder): Promise<number> {
  const forward = pathsOf(order.copyForward, "--copy-forward");
  for (const path of forward) {
    if (!existsSync(path)) throw wrongUsage(`--copy-forward ${path}: there is no such file or folder.`);
  }
  const chosen = await resolvePools(order.pool ?? undefined);
  if (chosen.slurm) refuseBesideSlurm(order, chosen);
  const lines: LinesWork = { kind: "lines", lines: order.lines.map(({ line, text }) => [line, text]) };
  const work: Work = workAfterEnv(chosen.env, lines);
  const options = { name: nameOf(order), ...order.job, ...order.asked };
  const prepared = await prepareSubmission(work, options, chosen);
  const asBatch = ofBatch(order, warnOfResults(order), chosen.slurm !== null);
  if (prepared.slurm && order.dryRun) {
    const { timeLimitMs = null } = options;
    const due = lines.lines.filter((_, index) => !asBatch.skip.includes(index + 1));
    return printScripts(good(compileWork({ kind: "lines", lines: due })), prepared.slurm, {
      demand: demandFrom(options),
      timeLimitMs,
      resumable: false,
    });
  }
  const connection = await connectToChange({ quiet: order.json });
  await refuseUnclear(connection, chosen);
  const pool = chosen.pool ?? (await registerMachines(connection, order.machines));
  const placed = demandOf(order);
  if (!chosen.slurm) {
    const plan = (await connection.client.call("plan", { body: { pool, demand: placed } })).machines;
    if (!order.json) printPlan(order, plan);
    if (order.dryRun) return printDryRun(order, plan, asBatch.skip);
  }
  const snapshot = await takeCode(connection, process.cwd(), {
    yes: order.yes,
    quiet: true,
    ...(forward.length > 0 && { only: forward }),
  });
  const after = await afterJobs(connection, order.job.after ?? []);
  const body = { ...prepared, ...asBatch, pool, demand: chosen.slurm ? prepared.demand : placed, snapshot, after };
  const { job } = await connection.client.call("submit", { body });
  if (order.detach) {
    if (order.json) printJson({ job });
    else
      print(
        `Job ${job.id}: ${job.runs.total - asBatch.skip.length} lines queued.\n  follow:  runyard logs -f ${job.id}`,
      );
    return 0;
  }
  return followBatch(connection, job, order.lines, order.json);
}

/** Slurm places its runs itself, by what they ask of it. */
function refuseBesideSlurm({ ofMachines, json, dryRun }: BatchOrder, { pool = "" }: ChosenPools): void {
  if (poolsIn(pool).length > 1) {
    throw wrongUsage(
      `--on ${pool}: a batch goes to machines, by what they have free, or through Slurm. Name one of the two.`,
    );
  }
  const [flag] = ofMachines;
  if (flag !== undefined) {
    throw wrongUsage(
      `${flag} looks at what machines have free, which Slurm does not tell. Leave it out, or say it with --sbatch.`,
    );
  }
  if (dryRun && json) throw wrongUsage("--dry-run prints a script for Slurm, not JSON: leave out --json.");
}

function demandOf({ need, pool, machines }: BatchOrder) {
  const names = machines.map(({ file }) => file.name);
  return { need, ...(pool === null && names.length > 0 && { machines: names }) };
}

type LinesWork = Extract<Work, { kind: "lines" }>;
type Plan = { name: string; open: boolean; placements: (string | null)[]; because: string }[];

function nameOf({ file }: BatchOrder): string {
  return file === "-" ? "batch from stdin" : file;
}

/** What a batch has and other jobs have not. */
function ofBatch(order: BatchOrder, skip: number[], isSlurms: boolean) {
  const only = pathsOf(order.copyBackwards, "--copy-backwards");
  const prefix = order.lines[0]?.name.replace(/\.\d+$/, "") ?? "batch";
  return {
    skip,
    // The names of files, not patterns; what else runs make is not even sent.
    outputs: only.map((path) => path.replace(/[\\*?[]/g, "\\$&")),
    results: { folder: order.resultsFolder, prefix, only },
    // What is to start later does not have to fit now.
    unlessFull: !isSlurms && !order.queue && order.job.after === undefined,
  };
}

/** Normalised, relative to the current folder; empty: all of it. */
function pathsOf(given: readonly string[], option: string): string[] {
  const paths = given.map((path) => normalize(path).replace(/\/$/, ""));
  if (paths.includes(".")) return [];
  const outside = paths.find((path) => path.startsWith("/") || path.split("/").includes(".."));
  if (outside === undefined) return paths;
  throw wrongUsage(`${option} ${outside}: only what lies in the current folder can be named.`);
}

/** The runs whose results are there: they are not executed, and nothing of theirs is replaced. */
function warnOfResults({ lines, resultsFolder }: BatchOrder): number[] {
  if (existsSync(resultsFolder) && !statSync(resultsFolder).isDirectory()) {
    throw wrongUsage(`${resultsFolder} is no folder, and results would come there. Move it away.`);
  }
  return lines.flatMap(({ line, name }, index) => {
    const isThere = ["", ".out", ".err"].some((suffix) => existsSync(`${resultsFolder}/${name}${suffix}`));
    if (!isThere) return [];
    note(`WARNING: job results already exists for line ${line}, skipping evaluation: delete if you wish to rerun`);
    return [index + 1];
  });
}

/** In ml-scheduler's words, which its users read. */
function printPlan({ verbose, machines }: BatchOrder, plan: Plan): void {
  const shown = (name: string) => machines.find(({ file }) => file.name === name)?.named ?? name;
  const limits = plan.map(
    ({ name, open, placements }) => `'${printable(shown(name))}': ${open ? placements.length : 0}`,
  );
  print(`machine limits:  {${limits.join(", ")}}`);
  const choices = plan.map(({ placements }) => `[${placements.map((gpu) => gpu ?? "None").join(", ")}]`);
  print(`machine gpu choices: [${choices.join(", ")}]`);
  for (const { name, open, because } of plan) {
    if (!open) note(`${printable(name)} takes no runs now; see: runyard machines check ${printable(name)}`);
    else if (verbose) note(`${printable(name)}: no more because of ${printable(because)}`);
  }
}

/** Which line would start where, were it submitted now. */
function printDryRun({ lines, json }: BatchOrder, plan: Plan, skip: readonly number[]): number {
  const places = plan.flatMap(({ name, open, placements }) => (open ? placements.map((gpu) => ({ name, gpu })) : []));
  const due = lines.filter((_, index) => !skip.includes(index + 1));
  const starts = due.map((line, index) => ({ line: line.line, name: line.name, at: places[index] ?? null }));
  if (json) printJson({ machines: plan, lines: starts });
  else {
    for (const { line, at } of starts) {
      const where = at === null ? "waits" : `${printable(at.name)}${at.gpu === null ? "" : ` GPU ${at.gpu}`}`;
      print(`line ${line}: ${where}`);
    }
  }
  return plan.every(({ open }) => open) && places.length === 0 && plan.length > 0 ? 5 : 0;
}
