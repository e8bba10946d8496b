import { z } from "zod";

/** How much longer something takes, as far as anything tells, in seconds; most likely between the low and the high one. */
export const remainingSchema = z.object({
  seconds: z.number(),
  lowSeconds: z.number(),
  highSeconds: z.number(),
  source: z.enum(["declared", "progress", "finished", "convergence"]),
});
