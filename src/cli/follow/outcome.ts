import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { runtime } from "../../core/local_time.ts";
import { grouped } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { statusGlyph } from "../statuses.ts";
import type { Colours } from "../terminal.ts";

/** `5 succeeded, 1 failed`. */
export function countsText({ runs }: Pick<Job, "runs">): string {
  const words = ["succeeded", "failed", "cancelled", "skipped", "running", "queued"] as const;
  const parts = words.filter((word) => runs[word] > 0).map((word) => `${grouped(runs[word])} ${word}`);
  return parts.length > 0 ? parts.join(", ") : "no runs";
}

/** `✗ Job 12: 5 succeeded, 1 failed.` @param cause  why its only run failed, where that is known */
export function jobVerdict(job: Job, colours: Colours, cause: string | null = null): string {
  const why = cause === null ? "" : `: ${printable(cause)}`;
  return `${statusGlyph(job.status, colours)} Job ${job.id}: ${countsText(job)}${why}.`;
}

/** `✗ Run 12.3 failed after 2.1s: exit code 3.` */
export function runVerdict(run: Run, colours: Colours): string {
  const took = runtime(run, Date.now());
  const why = run.status === "failed" && run.cause ? `: ${printable(run.cause.text)}` : "";
  return `${statusGlyph(run.status, colours)} Run ${run.id} ${run.status}${took === "" ? "" : ` after ${took}`}${why}.`;
}

/** 0 where all is well; a cancelled run counts as failed. */
export function exitCodeOfJob(job: Job): number {
  return job.status === "succeeded" ? 0 : 1;
}

/** `--exit-code`: the run's own, 128 + n after signal n; 1 where it has none but did not succeed. */
export function ownExitCode(run: Run): number {
  if (run.status === "succeeded" || run.status === "skipped") return 0;
  return run.exitCode === null || run.exitCode === 0 ? 1 : run.exitCode;
}

export function exitCodeOfRun(run: Run): number {
  return run.status === "succeeded" || run.status === "skipped" ? 0 : 1;
}
