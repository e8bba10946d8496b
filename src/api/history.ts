import { z } from "zod";
import { listing } from "./query.ts";
import { text } from "./text.ts";

/** A run that has ended and had a place, as a trace needs it. Instants are ISO 8601. */
export const pastRunSchema = z.object({
  id: z.string(),
  user: z.string(),
  /** Where it ran last. */
  pool: z.string(),
  priority: z.number(),
  /** What it held, all its workers together; 0: it ran on cores alone. */
  gpus: z.number(),
  /** When its job was submitted. */
  submittedAt: z.string(),
  /**
   * From when on it waited for nothing but a place, as far as that is known: not before the jobs it waited for had ended, it was
   * resumed, tried again or added to its sweep.
   */
  couldStartAt: z.string(),
  /** How many runs of its job may run at once, by which it may have had to wait longer; null: any number. */
  atMost: z.number().nullable(),
  startedAt: z.string(),
  endedAt: z.string(),
  /** Over all its tries since it was last asked for. */
  servedSeconds: z.number(),
  preemptions: z.number(),
  /** When it had a place, in order. */
  tries: z.array(z.object({ startedAt: z.string(), endedAt: z.string() })),
});
export type PastRun = z.infer<typeof pastRunSchema>;

export const historyQuerySchema = z.strictObject({
  ...listing(["id"], "id"),
  pool: text.min(1).optional().describe("Only runs that ran there."),
  since: z.iso.datetime({ offset: true }).optional().describe("Only runs that have ended at this instant or later."),
});
