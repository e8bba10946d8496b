import { readFileSync } from "node:fs";

/** What a process holds in memory now (VmRSS), in MB of 10^6 bytes; NaN where there is none. */
export function residentMb(pid: number | null): number {
  if (pid === null) return Number.NaN;
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

/** CPU time a process has taken since it began, in ms. */
export function cpuMs(pid: number | null): number {
  return sumOfTicks(pid, 11);
}

/** CPU time of its children that have ended, in ms. */
export function reapedCpuMs(pid: number | null): number {
  return sumOfTicks(pid, 13);
}

/** Of two neighbours among the fields behind the name. */
function sumOfTicks(pid: number | null, field: number): number {
  if (pid === null) return Number.NaN;
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  const ticksASecond = 100;
  return ((Number(fields[field]) + Number(fields[field + 1])) * 1000) / ticksASecond;
}
