import { cpuMs, reapedCpuMs } from "./memory.ts";
import type { Stage } from "./stage.ts";

/** CPU time taken so far by a yard, and by the ssh processes that work for it. */
export interface CpuTimes {
  /** As `performance.now()` counts. */
  at: number;
  yardMs: number;
  /** Those that live, and those that have ended as the yard's children. */
  sshMs: number;
}

export function cpuTimes(stage: Stage, yard: number | null): CpuTimes {
  const living = stage.processes().filter(({ command }) => /^(\S*\/)?ssh[: ]/.test(command));
  const sshMs = living.reduce((sum, { pid }) => sum + ofLiving(pid), reapedCpuMs(yard));
  return { at: performance.now(), yardMs: cpuMs(yard), sshMs };
}

function ofLiving(pid: number): number {
  try {
    return cpuMs(pid);
  } catch {
    // It ended meanwhile.
    return 0;
  }
}
