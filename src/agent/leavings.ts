import { setTimeout as sleep } from "node:timers/promises";
import type { Assignment } from "../core/assignment.ts";
import type { Ending } from "../core/run.ts";
import { systemErrorText } from "../platform/system_error.ts";
import { saysDiskFull } from "../spool/disk_full.ts";
import { keepCheckpoints } from "../spool/folder.ts";
import { keptFolder, type Spool, workerFolder } from "../spool/layout.ts";

interface LeavingsWays {
  spool: Spool;
  /** Where snapshots of code are kept. */
  snapshots: string;
  log: (text: string) => void;
  onDiskFull: () => void;
}

const RETRY_MS = 500;

/**
 * Brings to safety what an attempt leaves: its results for its user, its checkpoints for its next attempt. A full disk is
 * waited for; whatever else keeps something from being kept is logged, and must not keep the run from ending.
 */
export async function keepLeavings(assignment: Assignment, ending: Ending, ways: LeavingsWays): Promise<void> {
  const { attempt, snapshot } = assignment;
  const { spool, snapshots } = ways;
  if (snapshot !== null && ending.kind !== "never_began") {
    // Loaded only where a job brings its code: an agent is to stay small.
    const { keepResults } = await import("./code.ts");
    await patiently("results", () => keepResults(snapshots, snapshot, spool, assignment));
  }
  await patiently("checkpoints", () => keepCheckpoints(workerFolder(spool, attempt), keptFolder(spool, assignment)));

  async function patiently(what: string, work: () => Promise<void> | void): Promise<void> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const reason = systemErrorText(error);
        if (!saysDiskFull(reason)) return ways.log(`the ${what} of ${attempt} could not be kept: ${reason}`);
        ways.onDiskFull();
        await sleep(RETRY_MS);
      }
    }
  }
}
