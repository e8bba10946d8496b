import { openByKey } from "./by_key.ts";
import type { Policy } from "./policy.ts";

export const smallest: Policy = {
  summary: "The fewest GPUs first.",
  preempts: true,
  resizes: false,
  needsEstimates: false,
  open: (settings) => openByKey(settings, (gpus) => gpus),
};
