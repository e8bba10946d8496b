import { z } from "zod";
import { listing, whole } from "./query.ts";
import { text } from "./text.ts";

/** A week is kept. */
const MOST_HOURS = 168;

const points = whole(1, 2000).default(60).describe("So many at most; each takes together what lies in it.");
const hours = whole(1, MOST_HOURS).default(6).describe("Back from now.");

export const useQuerySchema = z.strictObject({ hours, points });
export const listUseQuerySchema = z.strictObject({
  ...listing(["name", "pool"], "name", { most: 200, usual: 200 }),
  hours,
  points,
  pool: text.optional(),
});
export const runUseQuerySchema = z.strictObject({ points });

/** Over one GPU: an entry a point; null: nobody has looked then, or its tool does not say. */
const gpuUseSchema = z.object({
  index: z.string(),
  /** 0 to 1, the mean of what was heard. */
  utilization: z.array(z.number().nullable()),
  /** 0 to 1, the highest that was heard. */
  peak: z.array(z.number().nullable()),
  /** The most of its memory that was in use, whoever used it. */
  usedBytes: z.array(z.number().nullable()),
});

/** Point i is the time from `from` + i · `stepSeconds` on, for `stepSeconds`. */
export const useWindowSchema = z.object({ from: z.string(), stepSeconds: z.number(), points: z.number() });

export const machineUseSchema = z.object({
  name: z.string(),
  gpus: z.array(
    gpuUseSchema.extend({
      /** For how long of the window a run of this yard had it. */
      heldSeconds: z.number(),
      /** For how long of that it had been idle for ten minutes or more. */
      idleSeconds: z.number(),
    }),
  ),
});
export type MachineUse = z.infer<typeof machineUseSchema>;

/** The GPUs that a run had, over the time that it had them: an entry a worker of each of its attempts, in order. */
export const runUseSchema = z.object({
  workers: z.array(
    useWindowSchema.extend({
      attempt: z.string(),
      try: z.number(),
      rank: z.number(),
      /** Null: it has been removed. */
      machine: z.string().nullable(),
      /** Of those that were never looked at, as on a cluster, every entry is null. */
      gpus: z.array(gpuUseSchema),
      startedAt: z.string(),
      endedAt: z.string().nullable(),
    }),
  ),
});
