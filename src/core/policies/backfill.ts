import type { Policy } from "./policy.ts";
import { openSubmissionOrder } from "./submission_order.ts";

export const backfill: Policy = {
  summary: "As fifo, but a later run may start where it does not delay the first one that does not fit.",
  preempts: false,
  resizes: false,
  needsEstimates: false,
  open: ({ ageingSeconds }) => openSubmissionOrder({ behind: "backfill", ageingSeconds }),
};
