import { openByKey } from "./by_key.ts";
import type { Policy } from "./policy.ts";

export const srtf: Policy = {
  summary: "The shortest remaining time first.",
  preempts: true,
  resizes: false,
  needsEstimates: true,
  open: (settings) => openByKey(settings, (_, remainingSeconds) => remainingSeconds),
};
