import { openByKey } from "./by_key.ts";
import type { Policy } from "./policy.ts";

export const srsf: Policy = {
  summary: "The shortest remaining service first: time by GPUs.",
  preempts: true,
  resizes: false,
  needsEstimates: true,
  open: (settings) => openByKey(settings, (gpus, remainingSeconds) => gpus * remainingSeconds),
};
