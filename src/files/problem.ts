import type { FolderObjection } from "../platform/private_folder.ts";
import type { Result } from "../platform/result.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";

/** What can go wrong with the yard's files in ways its owner can cause or mend. */
export type FileProblem =
  | { code: "unreadable"; path: string; reason: string }
  | { code: "unwritable"; path: string; reason: string }
  | { code: "not_ours"; path: string; objection: FolderObjection }
  | { code: "exists"; path: string }
  | { code: "missing"; path: string }
  /** Something else stands there: a link, a folder, a file that is nobody's to read. */
  | { code: "not_a_file"; path: string }
  | { code: "damaged"; path: string }
  | { code: "bad_name"; name: string };

export type FileResult<Value> = Result<Value, FileProblem>;

export function describeFileProblem(problem: FileProblem): string {
  switch (problem.code) {
    case "unreadable":
      return `${problem.path} cannot be read: ${problem.reason}.`;
    case "unwritable":
      return `${problem.path} cannot be written: ${problem.reason}. Free some space or mend its permissions.`;
    case "not_ours":
      return `${problem.path} is ${problem.objection}. The yard keeps secrets there: make it a folder of your own, or choose another RUNYARD_HOME.`;
    case "exists":
      return `${problem.path} exists already, and nothing is ever overwritten.`;
    case "missing":
      return `${problem.path} is no longer there.`;
    case "not_a_file":
      return `${problem.path} is no file that may be read.`;
    case "damaged":
      return `${problem.path} does not hold what was written to it. Restore it from a backup.`;
    case "bad_name":
      return `${JSON.stringify(problem.name)} cannot be the name of a file: only letters, digits, dots, dashes and underscores can.`;
  }
}

/** What a system error means for `path`; whatever else was thrown is a bug, and is thrown on. */
export function asFileProblem(error: unknown, code: "unreadable" | "unwritable", path: string): FileProblem {
  const systemCode = systemErrorCode(error);
  if (systemCode === null) throw error;
  if (systemCode === "ENOENT" && code === "unreadable") return { code: "missing", path };
  return { code, path, reason: systemErrorText(error) };
}
