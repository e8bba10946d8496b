import { z } from "zod";
import { jobStatuses } from "../core/job.ts";
import { name, text } from "./text.ts";

const count = z.number().int().min(1).max(10_000_000);

const commandSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("argv"), argv: z.array(text).min(1) }),
  z.strictObject({ kind: z.literal("shell"), text: text.min(1) }),
]);

const parameterValue = z.strictObject({ text, json: z.string() });
const axisValues = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("list"), values: z.array(parameterValue).min(1) }),
  z.strictObject({ kind: z.literal("range"), from: z.string(), to: z.string(), step: z.string() }),
  z.strictObject({ kind: z.literal("log"), from: z.string(), to: z.string(), count }),
  z.strictObject({ kind: z.literal("lin"), from: z.string(), to: z.string(), count }),
]);
export const axisSchema = z.strictObject({ name, values: axisValues });

/** A parameter space; without axes it is a single combination. */
const spaceSchema = z.strictObject({
  axes: z.array(axisSchema).default([]),
  zip: z.array(z.array(name).min(2)).default([]),
  exclude: z.array(z.array(z.strictObject({ name, text: z.string() })).min(1)).default([]),
  sample: z.strictObject({ count, seed: z.number().int() }).nullable().default(null),
  /** How often every combination runs. */
  repeat: count.default(1),
});

const demandSchema = z.strictObject({
  gpus: z.number().int().min(0).max(1024).nullable().default(null),
  cpus: z.number().int().min(1).max(100_000).nullable().default(null),
  memoryBytes: z.number().int().min(1).nullable().default(null),
});

const afterSchema = z.strictObject({ job: z.number().int().min(1), any: z.boolean().default(false) });

/** What `run`, `sweep` and `submit` send. */
export const submissionSchema = z.strictObject({
  /** Default: the command's first words. */
  name: name.optional(),
  work: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("command"), command: commandSchema, space: spaceSchema.prefault({}) }),
    /** Many commands at once, a shell text a line; `line` counts from 1 in the file they came from. */
    z.strictObject({
      kind: z.literal("lines"),
      lines: z
        .array(z.tuple([z.number().int().min(1), text.min(1)]))
        .min(1)
        .max(1_000_000),
    }),
  ]),
  pool: name.default("local"),
  demand: demandSchema.prefault({}),
  priority: z.number().int().min(0).max(1000).default(30),
  after: z.array(afterSchema).default([]),
  retries: z.number().int().min(0).max(1000).default(0),
  timeLimitMs: z.number().int().min(1).nullable().default(null),
  atMost: count.nullable().default(null),
  resumable: z.boolean().default(false),
  paused: z.boolean().default(false),
  tags: z.array(name).default([]),
  cwd: text.startsWith("/"),
  /** A name with `=` in it would be another one. */
  environment: z.record(z.string().regex(/^[^=\u0000]+$/, "cannot be the name of a variable"), text),
  umask: z
    .string()
    .regex(/^[0-7]{1,4}$/)
    .default("022"),
  limits: z.record(z.string().regex(/^[a-z]$/), z.string().regex(/^(\d+|unlimited)$/)).default({}),
  out: text.startsWith("/").nullable().default(null),
  snapshot: text.nullable().default(null),
  commit: text.nullable().default(null),
});
export type Submission = z.infer<typeof submissionSchema>;
export type SubmissionInput = z.input<typeof submissionSchema>;

const runCountsSchema = z.object({
  total: z.number(),
  queued: z.number(),
  running: z.number(),
  succeeded: z.number(),
  failed: z.number(),
  cancelled: z.number(),
  skipped: z.number(),
});

/** A job as every answer shows it. Instants are ISO 8601, UTC. */
export const jobSchema = z.object({
  id: z.number(),
  name: z.string(),
  user: z.string(),
  status: z.enum(jobStatuses),
  paused: z.boolean(),
  pool: z.string(),
  priority: z.number(),
  command: z.string(),
  submittedAt: z.string(),
  endedAt: z.string().nullable(),
  tags: z.array(z.string()),
  after: z.array(afterSchema),
  runs: runCountsSchema,
});
export type Job = z.infer<typeof jobSchema>;

export const jobChangesSchema = z.strictObject({
  priority: z.number().int().min(0).max(1000).optional(),
  name: name.optional(),
  atMost: count.nullable().optional(),
  retries: z.number().int().min(0).max(1000).optional(),
  timeLimitMs: z.number().int().min(1).nullable().optional(),
});
export type JobChanges = z.infer<typeof jobChangesSchema>;
