import type { Boundary } from "../../src/platform/boundary.ts";
import { readProcess } from "../../src/platform/processes.ts";
import type { TestYard } from "./a_yard.ts";
import { until } from "./until.ts";

/** Waits until yard or agent stands still at a boundary (RUNYARD_STOP_FILE), and returns its pid. */
export function theStopped(yard: TestYard): Promise<number> {
  return until(() => {
    const pids = [yard.yardPid(), yard.agentPid()];
    return pids.find((pid) => pid !== null && isStopped(pid)) ?? null;
  }, "yard or agent stands still at the boundary");
}

function isStopped(pid: number): boolean {
  return readProcess(pid)?.state === "T";
}

export function linesOf(yard: TestYard, file: string): number {
  return yard.read(file).split("\n").length - 1;
}

/** Where only who hands over to Slurm comes: see slurm_kills.test.ts. */
export const slurmBoundaries = ["yard: submitting", "yard: handed over"] as const satisfies readonly Boundary[];
