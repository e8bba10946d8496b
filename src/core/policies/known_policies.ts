import { backfill } from "./backfill.ts";
import { fairShare } from "./fair_share.ts";
import { fifo } from "./fifo.ts";
import { las } from "./las.ts";
import { optimus } from "./optimus.ts";
import type { Policy } from "./policy.ts";
import { smallest } from "./smallest.ts";
import { srsf } from "./srsf.ts";
import { srtf } from "./srtf.ts";

/** The policies, by the names that users give. */
export const knownPolicies: Readonly<Record<string, Policy>> = {
  fifo,
  backfill,
  "fair-share": fairShare,
  smallest,
  srtf,
  srsf,
  las,
  optimus,
};

/** What a pool has where nobody has chosen. */
export const USUAL_POLICY = "backfill";
