import { getSystemErrorMessage } from "node:util";

/** The code of an error that the system gave (`ENOENT`, `EACCES` …); null for any other error, which is a bug of ours. */
export function systemErrorCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("errno" in error) || typeof error.errno !== "number") return null;
  return "code" in error && typeof error.code === "string" ? error.code : null;
}

/** Whether the disk, or its owner's share of it, has no room left. */
export function isDiskFull(error: unknown): boolean {
  const code = systemErrorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}

/** What the system said, for people: `no space left on device`. */
export function systemErrorText(error: unknown): string {
  if (error instanceof Error && "syscall" in error && "errno" in error && typeof error.errno === "number") {
    return getSystemErrorMessage(error.errno) ?? error.message;
  }
  return error instanceof Error ? error.message : String(error);
}
