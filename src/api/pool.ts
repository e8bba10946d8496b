import { z } from "zod";

const seconds = z.number().min(0).max(1e9);

/** How a pool shares out what it has. Times are in seconds. */
export const poolRulesSchema = z.strictObject({
  /** The first run that does not fit is overtaken by others of unknown length for so long. */
  ageingSeconds: seconds,
  /** A run that has a place keeps it for so long at least. */
  minQuantumSeconds: seconds,
  /** What a run is thought to lose by being stopped. */
  preemptCostSeconds: seconds,
  /** `las`: the GPU seconds at which a run sinks to the next queue. */
  lasLimits: z
    .array(z.number().gt(0).max(1e12))
    .max(20)
    .refine((limits) => limits.every((limit, i) => limit > (limits[i - 1] ?? 0)), "must rise")
    .readonly(),
  /** `las`: a run goes back to the first queue after waiting so many times as long as it has run; 0: never. */
  starvation: z.number().min(0).max(1e6),
  /** `fair-share`: what somebody holds beyond their share is only lent, and given back when others want theirs. */
  givesBack: z.boolean(),
  /** GPU hours in 30 days, after which a user's runs come after those of others; `*`: whoever is not named. */
  quotas: z.record(z.string().min(1).max(200), z.number().min(0).max(1e9)),
  /** How many GPUs a user may hold at once; `*`: whoever is not named. */
  mostGpus: z.record(z.string().min(1).max(200), z.number().int().min(0).max(1e6)),
  /** `fair-share`: what a user's share is divided by; those who are not named have 1. */
  weights: z.record(z.string().min(1).max(200), z.number().gt(0).max(1e6)),
});
