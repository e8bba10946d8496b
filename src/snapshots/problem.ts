import { formatBytes } from "../core/quantity.ts";
import type { Result } from "../platform/result.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";

/** What can go wrong with a snapshot in ways a user can cause or mend. Paths are as the user knows them. */
export type SnapshotProblem =
  | { code: "not_a_folder"; path: string }
  | { code: "unreadable"; path: string; reason: string }
  | { code: "name_not_text"; path: string }
  | { code: "keeps_changing"; path: string }
  | { code: "include_missing"; path: string }
  | { code: "include_outside"; path: string; folder: string }
  | { code: "unwritable"; path: string; reason: string }
  | { code: "no_such_snapshot"; id: string }
  | { code: "bad_manifest"; id: string; detail: string }
  | { code: "blob_missing"; sha256: string; path: string }
  | { code: "target_exists"; path: string }
  | { code: "no_room"; path: string; neededBytes: number; freeBytes: number };

export type SnapshotResult<Value> = Result<Value, SnapshotProblem>;

export function describeSnapshotProblem(problem: SnapshotProblem): string {
  switch (problem.code) {
    case "not_a_folder":
      return `${problem.path} is not a folder. Name the folder that holds the code with --cwd.`;
    case "unreadable":
      return `${problem.path} cannot be read: ${problem.reason}. Make it readable, or leave it out with a line in .runyardignore.`;
    case "name_not_text":
      return `The name ${problem.path} is not valid UTF-8. Rename it, or leave its folder out with a line in .runyardignore.`;
    case "keeps_changing":
      return `${problem.path} is being written to. Wait until it is finished, or leave it out with a line in .runyardignore.`;
    case "include_missing":
      return `${problem.path} was to be taken along, but there is no such file or folder.`;
    case "include_outside":
      return `${problem.path} was to be taken along, but lies outside of ${problem.folder}.`;
    case "unwritable":
      return `${problem.path} cannot be written: ${problem.reason}.`;
    case "no_such_snapshot":
      return `There is no snapshot ${problem.id} here. Submit the job again to take a new one.`;
    case "bad_manifest":
      return `Snapshot ${problem.id} is refused: ${problem.detail}. Submit the job again to take a new one.`;
    case "blob_missing":
      return `The content of ${problem.path} (${problem.sha256.slice(0, 12)}) is damaged or no longer stored. Submit the job again to take a new snapshot.`;
    case "target_exists":
      return `${problem.path} exists already, and nothing is ever overwritten.`;
    case "no_room":
      return `The code needs ${formatBytes(problem.neededBytes)} in ${problem.path}, where ${formatBytes(problem.freeBytes)} are free.`;
  }
}

/** A problem on its way up through loops that run side by side; `asSnapshotResult` turns it into a value again. */
export function raise(problem: SnapshotProblem): Error {
  return Object.assign(new Error(describeSnapshotProblem(problem)), { problem });
}

/** Words a system error as `kind` for `path`; whatever else was thrown goes on its way. */
export function raiseSystem(error: unknown, kind: "unreadable" | "unwritable", path: string): unknown {
  return systemErrorCode(error) === null ? error : raise({ code: kind, path, reason: systemErrorText(error) });
}

/** Runs `work`, and answers a problem that it raised as a value. Bugs are thrown on. */
export async function asSnapshotResult<Value>(work: () => Promise<Value>): Promise<SnapshotResult<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Error && "problem" in error) return { ok: false, problem: error.problem as SnapshotProblem };
    throw error;
  }
}
