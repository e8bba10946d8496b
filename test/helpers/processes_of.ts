import { readFileSync } from "node:fs";
import { identify, isAlive, isDead, listProcesses, type ProcessIdentity } from "../../src/platform/processes.ts";

export interface FoundProcess {
  pid: number;
  /** Its arguments, separated by blanks. */
  command: string;
}

/** The processes that run now and carry `mark` (a path made for one test) in their environment or arguments. */
export function processesOf(mark: string): FoundProcess[] {
  return listProcesses().flatMap((entry) => {
    if (isDead(entry) || entry.pid === process.pid) return [];
    const command = contentOf(entry.pid, "cmdline");
    if (!command.includes(mark) && !contentOf(entry.pid, "environ").includes(mark)) return [];
    return [{ pid: entry.pid, command: command.replaceAll("\0", " ").trim() }];
  });
}

/** Empty where the process has ended meanwhile, or belongs to someone else. */
function contentOf(pid: number, file: "cmdline" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

/** Kills at once, and says whether there was anything to kill. */
export function killNow(pid: number, signal: NodeJS.Signals = "SIGKILL"): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

export function isRunning(pid: number): boolean {
  const identity: ProcessIdentity | null = identify(pid);
  return identity !== null && isAlive(identity);
}
