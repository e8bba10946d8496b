import { z } from "zod";

/** A cluster's nodes, and who has what in its queue: see `core/overview.ts`. */
export const overviewSchema = z.object({
  nodes: z.array(
    z.object({
      name: z.string(),
      partitions: z.array(z.string()),
      state: z.string(),
      cpus: z.number(),
      cpusUsed: z.number(),
      memoryBytes: z.number(),
      memoryUsedBytes: z.number(),
      gpus: z.array(z.object({ type: z.string().nullable(), total: z.number(), used: z.number() })),
      reason: z.string().nullable(),
    }),
  ),
  queue: z.array(
    z.object({
      partition: z.string(),
      user: z.string(),
      running: z.number(),
      pending: z.number(),
      gpusRunning: z.number(),
      gpusPending: z.number(),
      reasons: z.record(z.string(), z.number()),
    }),
  ),
});
