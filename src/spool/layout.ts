import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { type Assignment, keptName } from "../core/assignment.ts";
import type { AttemptId } from "../core/run.ts";
import { isDiskFull } from "../platform/system_error.ts";

/**
 * The folders of one yard's attempts on this machine: `<root>/<yard id>/<attempt id>/<rank>/`, all 0700.
 * Beside the attempts lie `environments/` (variables, one file a content), `kept/` (checkpoints of runs) and `results/`
 * (what attempts in a snapshot made).
 */
export interface Spool {
  root: string;
  yard: string;
}

function yardFolder({ root, yard }: Spool): string {
  return `${root}/${yard}`;
}

export function attemptFolder(spool: Spool, attempt: AttemptId | string): string {
  return `${yardFolder(spool)}/${attempt}`;
}

/** The folder of an attempt's only worker. */
export function workerFolder(spool: Spool, attempt: AttemptId | string): string {
  return `${attemptFolder(spool, attempt)}/0`;
}

/** The attempts that have a folder here. */
export function attemptsIn(spool: Spool): string[] {
  return readdirSync(yardFolder(spool)).filter((name) => /^\d+\.\d+\.\d+-/.test(name));
}

export function environmentFile(spool: Spool, environment: string): string {
  return `${yardFolder(spool)}/environments/${environment}.sh`;
}

/** Where a run's checkpoints wait for its next attempt, and stay after its last; those of each worker by themselves. */
export function keptFolder(spool: Spool, { job, n, gang }: Pick<Assignment, "job" | "n" | "gang">): string {
  return `${yardFolder(spool)}/kept/${keptName(job, n, gang?.rank ?? 0)}`;
}

/** What an attempt in a snapshot of the code made or changed. */
export function resultsFolder(spool: Spool, attempt: string): string {
  return `${yardFolder(spool)}/results/${attempt}`;
}

/**
 * Makes the yard's folders, and notes under which epoch they are used. False: they have been used under a later one, so
 * whoever speaks under this one is a yard that another has followed, and is not obeyed.
 */
export function openSpool(spool: Spool, epoch: number): boolean {
  for (const folder of ["environments", "kept", "results"]) {
    mkdirSync(`${yardFolder(spool)}/${folder}`, { recursive: true, mode: 0o700 });
  }
  const file = `${yardFolder(spool)}/epoch`;
  const seen = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (epoch <= seen) return epoch === seen;
  try {
    writeFileSync(`${file}.new`, `${epoch}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (error) {
    // A full disk: the next time it is noted. What runs here and has ended is not to wait for that.
    if (!isDiskFull(error)) throw error;
  }
  return true;
}
