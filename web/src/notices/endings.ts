import type { Job } from "../../../src/api/job.ts";
import { printable } from "../../../src/core/printable.ts";

/** A notification of the browser. */
export interface Popup {
  /** Two with the same tag are one: other tabs of this browser hear of the same. */
  tag: string;
  title: string;
  body: string;
  /** Where a click leads, in the panel. */
  to: string;
}

/** Sees by what the yard tells of jobs which of somebody's end. */
export interface Endings {
  /** What is to be shown of it; null: nothing. */
  hear(job: Job): Popup | null;
}

/**
 * A job is told of when it ends, not when it is told of again. What ended before `since` is old.
 *
 * @param since  the yard's clock, epoch ms
 */
export function openEndings(user: string, since: number): Endings {
  const told = new Map<number, string>();
  return {
    hear(job) {
      if (job.user !== user || job.endedAt === null || Date.parse(job.endedAt) < since) return null;
      if (told.get(job.id) === job.endedAt) return null;
      told.set(job.id, job.endedAt);
      return {
        tag: `job ${job.id} ${job.endedAt}`,
        title: `Job ${job.id} ${job.status}: ${printable(job.name)}`,
        body: countsOf(job),
        to: `/jobs/${job.id}`,
      };
    },
  };
}

function countsOf({ runs }: Job): string {
  const counts = (["succeeded", "failed", "cancelled", "skipped"] as const)
    .filter((status) => runs[status] > 0)
    .map((status) => `${runs[status]} ${status}`);
  return `Of ${runs.total} run${runs.total === 1 ? "" : "s"}: ${counts.join(", ")}.`;
}
