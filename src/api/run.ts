import { z } from "zod";
import { runStatuses } from "../core/run.ts";
import { remainingSchema } from "./remaining.ts";

const causeSchema = z.object({ code: z.string(), text: z.string() });

const workerSchema = z.object({
  rank: z.number(),
  /** What its output is asked for by. */
  attempt: z.string(),
  machine: z.string().nullable(),
  gpus: z.array(z.string()),
  status: z.enum(runStatuses),
  exitCode: z.number().nullable(),
  /** The folder with what it made or changed in its snapshot of the code. Looked for only where one run is asked for. */
  results: z.string().nullable(),
});

/** A run as every answer shows it; `metrics`, `result` hold numbers, or "NaN", "Infinity", "-Infinity", or text. */
export const runSchema = z.object({
  id: z.string(),
  name: z.string(),
  line: z.number().nullable(),
  status: z.enum(runStatuses),
  params: z.record(z.string(), z.unknown()),
  paramsText: z.record(z.string(), z.string()),
  command: z.string(),
  exitCode: z.number().nullable(),
  cause: causeSchema.nullable(),
  attempts: z.number(),
  pool: z.string(),
  machine: z.string().nullable(),
  gpus: z.array(z.string()),
  workers: z.array(workerSchema),
  progress: z.object({ done: z.number(), of: z.number().nullable() }).nullable(),
  /** Null: it does not run, or nothing tells. */
  remaining: remainingSchema.nullable(),
  metrics: z.record(z.string(), z.unknown()),
  result: z.record(z.string(), z.unknown()),
  code: z.string().nullable(),
  gpuMemoryPeakBytes: z.number().nullable(),
  memoryPeakBytes: z.number().nullable(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type Run = z.infer<typeof runSchema>;

export const attemptSchema = z.object({
  id: z.string(),
  try: z.number(),
  status: z.string(),
  machine: z.string().nullable(),
  /** What it is known by in the queue of a cluster: `123_4`; null: it was handed to none. */
  ticket: z.string().nullable(),
  devices: z.string(),
  exitCode: z.number().nullable(),
  cause: causeSchema.nullable(),
  stopReason: z.string().nullable(),
  code: z.string().nullable(),
  /** The folder with what it made or changed in its snapshot of the code; null: nothing, or it worked in the user's folder. */
  results: z.string().nullable(),
  /** Where its folder stays on its machine; null: it does not. */
  stays: z.string().nullable(),
  assignedAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
});
export type Attempt = z.infer<typeof attemptSchema>;

export const explanationSchema = z.object({
  id: z.string(),
  status: z.enum(runStatuses),
  /** How many runs of the same job, from this one on, wait for the same reason. */
  runs: z.number(),
  because: causeSchema,
});
export type Explanation = z.infer<typeof explanationSchema>;
