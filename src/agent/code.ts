import { existsSync } from "node:fs";
import { copyFile, mkdir, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Assignment } from "../core/assignment.ts";
import { isOutput } from "../core/output_patterns.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { changesSince } from "../snapshots/changed_files.ts";
import { layOut } from "../snapshots/lay_out.ts";
import { describeSnapshotProblem } from "../snapshots/problem.ts";
import { readManifest } from "../snapshots/snapshot_store.ts";
import { saysDiskFull } from "../spool/disk_full.ts";
import { resultsFolder, type Spool, workerFolder } from "../spool/layout.ts";

/** Lays the job's code out for one attempt and returns the folder to work in. */
export async function layOutWork(snapshots: string, assignment: Assignment, folder: string): Promise<string> {
  const work = `${folder}/work`;
  if (existsSync(work) || assignment.snapshot === null) return work;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const laid = await layOut(assignment.snapshot, snapshots, work, { original: assignment.cwd });
  if (!laid.ok) throw new Error(describeSnapshotProblem(laid.problem));
  return work;
}

/**
 * Moves what the attempt made or changed in its work folder to where it stays; links are not results. Where that cannot be
 * told, or not be moved, all of the folder stays. Throws where the disk is full.
 */
export async function keepResults(
  snapshots: string,
  snapshot: string,
  spool: Spool,
  { attempt, ...wishes }: Pick<Assignment, "attempt" | "outputs" | "keep">,
): Promise<void> {
  const work = `${workerFolder(spool, attempt)}/work`;
  if (!existsSync(work)) return;
  const results = resultsFolder(spool, attempt);
  try {
    await moveChanges(snapshots, snapshot, work, results, wishes);
  } catch (error) {
    if (saysDiskFull(systemErrorText(error))) throw error;
    await rename(work, existsSync(results) ? `${results}/rest` : results);
  }
}

async function moveChanges(
  snapshots: string,
  snapshot: string,
  work: string,
  results: string,
  { outputs, keep }: Pick<Assignment, "outputs" | "keep">,
): Promise<void> {
  const manifest = await readManifest(snapshots, snapshot);
  if (!manifest.ok) throw new Error(describeSnapshotProblem(manifest.problem));
  const { files } = await changesSince(work, manifest.value);
  for (const { path } of files) {
    if (!isOutput(outputs, path)) continue;
    await mkdir(dirname(`${results}/${path}`), { recursive: true, mode: 0o700 });
    await (keep ? copyFile : rename)(`${work}/${path}`, `${results}/${path}`);
  }
}
