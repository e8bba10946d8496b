import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { hasEnded } from "../../core/run.ts";
import type { Connection } from "../connect.ts";
import { watchJob } from "./watch_job.ts";

/** Resolves with the job when none of its runs waits or runs any more. */
export async function waitForJob(connection: Connection, id: number, signal: AbortSignal): Promise<Job> {
  for await (const sight of watchJob(connection, id, signal, false)) {
    if (sight.kind !== "run" && sight.job.status !== "queued" && sight.job.status !== "running") return sight.job;
  }
  throw new Error("interrupted");
}

/** Resolves with the run when it has ended. */
export async function waitForRun(connection: Connection, job: number, n: number, signal: AbortSignal): Promise<Run> {
  for await (const sight of watchJob(connection, job, signal)) {
    if (sight.kind === "run" && sight.run.id !== `${job}.${n}`) continue;
    // Of many runs that change at once not each is told of.
    const { run } = await connection.client.call("showRun", { params: { job, n }, signal });
    if (hasEnded(run.status)) return run;
  }
  throw new Error("interrupted");
}
