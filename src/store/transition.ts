import type { JobId, RunStatus, UnixMs } from "../core/run.ts";
import type { Db } from "./dialect.ts";

/** The columns of a job that count its runs. `starting` counts under `running`. */
export type Count = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";

export function countOf(status: RunStatus): Count {
  return status === "starting" ? "running" : status;
}

/** How a job's counts change: added up first, written once. */
export type CountChanges = Map<JobId, Partial<Record<Count, number>>>;

export function shift(changes: CountChanges, job: JobId, from: RunStatus, to: RunStatus, runs = 1): void {
  const counts = changes.get(job) ?? {};
  counts[countOf(from)] = (counts[countOf(from)] ?? 0) - runs;
  counts[countOf(to)] = (counts[countOf(to)] ?? 0) + runs;
  changes.set(job, counts);
}

/** Writes the changes, and marks as ended (or open again) the jobs that now are. Returns the jobs that ended by it. */
export async function writeCounts(db: Db, changes: CountChanges, now: UnixMs): Promise<JobId[]> {
  const ended: JobId[] = [];
  for (const [job, counts] of changes) {
    const row = await db
      .updateTable("job")
      .set((column) => ({
        queued: column("queued", "+", counts.queued ?? 0),
        running: column("running", "+", counts.running ?? 0),
        succeeded: column("succeeded", "+", counts.succeeded ?? 0),
        failed: column("failed", "+", counts.failed ?? 0),
        cancelled: column("cancelled", "+", counts.cancelled ?? 0),
        skipped: column("skipped", "+", counts.skipped ?? 0),
      }))
      .where("id", "=", job)
      .returning(["queued", "running", "ended_at"])
      .executeTakeFirst();
    if (!row) continue;
    const hasEnded = row.queued === 0 && row.running === 0;
    if (hasEnded === (row.ended_at !== null)) continue;
    await db.updateTable("job").set({ ended_at: hasEnded ? now : null }).where("id", "=", job).execute();
    if (hasEnded) ended.push(job);
  }
  return ended;
}

