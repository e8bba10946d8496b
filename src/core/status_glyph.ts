import type { JobStatus } from "./job.ts";
import type { RunStatus } from "./run.ts";

/** How a job or a run stands, in one word. */
export type ShownStatus = JobStatus | RunStatus | "paused";

/** Stands beside the colour of a status, so that it can be told without colours: the same in a terminal and in a browser. */
export const statusGlyphs: Readonly<Record<ShownStatus, string>> = {
  queued: "○",
  starting: "◌",
  running: "●",
  succeeded: "✓",
  failed: "✗",
  cancelled: "–",
  skipped: "–",
  paused: "‖",
};
