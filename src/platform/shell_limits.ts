import { readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** Soft limits that go along with a job, by the letter that `ulimit` knows them by, and the bytes of its unit in POSIX sh. */
const taken = [
  { name: "Max open files", letter: "n", unit: 1 },
  { name: "Max core file size", letter: "c", unit: 512 },
  { name: "Max stack size", letter: "s", unit: 1024 },
] as const;

/** The limits in a text like /proc/PID/limits, in `ulimit`'s units. */
export function parseLimits(text: string): Record<string, string> {
  const limits: Record<string, string> = {};
  for (const { name, letter, unit } of taken) {
    const soft = new RegExp(`^${name}\\s+(\\d+|unlimited)\\s`, "m").exec(text)?.[1];
    if (soft !== undefined) limits[letter] = soft === "unlimited" ? soft : String(Math.floor(Number(soft) / unit));
  }
  return limits;
}

/**
 * The limits of the submitting terminal. Node raises its own limit of open files at its start, and with it that of what it
 * starts: so it is the nearest process above that is neither Node nor started by it that counts. Empty without /proc.
 */
export function submittingLimits(): Record<string, string> {
  try {
    let pid = String(process.pid);
    // A shell that leads a session is a terminal's, even where an editor made of Node opened it.
    while (isNode(pid) || (isNode(parentOf(pid)) && !leadsSession(pid))) {
      const parent = parentOf(pid);
      if (parent === "0" || parent === "1") break;
      pid = parent;
    }
    return parseLimits(readFileSync(`/proc/${pid}/limits`, "utf8"));
  } catch {
    return {};
  }
}

function parentOf(pid: string): string {
  return /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
}

function leadsSession(pid: string): boolean {
  return /^NSsid:.*\b(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] === pid;
}

function isNode(pid: string): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)).startsWith("node");
  } catch {
    return false;
  }
}
