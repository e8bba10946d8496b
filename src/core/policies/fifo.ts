import type { Policy } from "./policy.ts";
import { openSubmissionOrder } from "./submission_order.ts";

export const fifo: Policy = {
  summary: "In the order of submission; the first run that does not fit blocks those behind it.",
  preempts: false,
  resizes: false,
  needsEstimates: false,
  open: () => openSubmissionOrder({ behind: "wait", ageingSeconds: Number.POSITIVE_INFINITY }),
};
