import { readFileSync } from "node:fs";

/** Whether this system tells what a process holds: it takes a /proc. */
export const tellsMemory = process.platform === "linux";

export interface ProcessMemory {
  /** What it holds now, with what it shares with others. */
  residentBytes: number;
  /** The most of that since it became its program (`exec`). */
  peakBytes: number;
}

/** Null where the process has ended, or the system has no /proc. Costs little, however much it holds. */
export function memoryOf(pid: number): ProcessMemory | null {
  const status = readText(`/proc/${pid}/status`);
  const residentBytes = kibibytes(status, "VmRSS");
  const peakBytes = kibibytes(status, "VmHWM");
  return residentBytes === null || peakBytes === null ? null : { residentBytes, peakBytes };
}

/**
 * What a process holds now, where several share memory its part of that (PSS): added up over them it counts once. Null where
 * it cannot be read: ended, another user's, or Linux before 4.14. Costs some ms for every GB.
 */
export function shareOf(pid: number): number | null {
  return kibibytes(readText(`/proc/${pid}/smaps_rollup`), "Pss");
}

function kibibytes(text: string, field: string): number | null {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(text)?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
