import { type JobStatus, jobStatus, type RunCounts } from "./job.ts";
import type { NoticeSort } from "./notice_target.ts";
import type { FailureCause, UnixMs } from "./run.ts";
import type { Trouble } from "./trouble.ts";

/** Something that people want to be told of. What stands in it was true when it happened, and stays so. */
export type Notice =
  | { event: JobEvent; at: UnixMs; job: EndedJob }
  | { event: "needs_help"; at: UnixMs; trouble: Trouble }
  /** Asked for by `user`, to see whether it arrives. */
  | { event: "test"; at: UnixMs; user: string };

export const noticeEvents = ["job_succeeded", "job_failed", "job_cancelled", "needs_help", "test"] as const;
type JobEvent = "job_succeeded" | "job_failed" | "job_cancelled";

/** A job at its end. */
export interface EndedJob {
  id: number;
  name: string;
  user: string;
  submittedAt: UnixMs;
  runs: RunCounts;
  /** The first of its runs that failed, in their order; null: none did. */
  firstFailure: { run: string; cause: FailureCause | null } | null;
}

const eventOfStatus: Record<JobStatus, JobEvent> = {
  queued: "job_succeeded",
  running: "job_succeeded",
  succeeded: "job_succeeded",
  failed: "job_failed",
  cancelled: "job_cancelled",
};

export function endOfJob(job: EndedJob, at: UnixMs): Notice {
  return { event: eventOfStatus[jobStatus(job.runs)], at, job };
}

/** Whether who wants to hear of this sort hears of the notice. */
export function isOfSort({ event }: Pick<Notice, "event">, sort: NoticeSort): boolean {
  switch (sort) {
    case "ended":
      return event === "job_succeeded" || event === "job_failed" || event === "job_cancelled";
    case "failed":
      return event === "job_failed";
    case "help":
      return event === "needs_help";
  }
}
