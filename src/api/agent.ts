import { z } from "zod";
import { hardwareSchema } from "./machine.ts";

/** The words between an agent and its yard. An agent says hello, then polls for what is assigned and posts reports. */

const who = { agent: z.string().min(8), epoch: z.number().int() };

const slotSchema = z.object({
  devices: z.string(),
  gpus: z.array(z.string()),
  cpus: z.number(),
  memoryBytes: z.number(),
});

/** All that an agent needs to start an attempt. */
export const assignmentSchema = z.object({
  attempt: z.string(),
  job: z.number(),
  n: z.number(),
  try: z.number(),
  slot: slotSchema,
  command: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("argv"), argv: z.array(z.string()) }),
    z.object({ kind: z.literal("shell"), text: z.string() }),
  ]),
  /** A JSON object, the literals as the user wrote them. */
  params: z.string(),
  cwd: z.string(),
  environment: z.string(),
  umask: z.string(),
  limits: z.record(z.string(), z.string()),
  out: z.string().nullable(),
  snapshot: z.string().nullable(),
  timeLimitMs: z.number().nullable(),
  /** The attempt before this one, whose checkpoints this one goes on from; null: none. */
  previous: z.string().nullable(),
  /** It was reported as started: where its folder is gone, it is lost and not to be started. */
  started: z.boolean(),
});
export type Assignment = z.infer<typeof assignmentSchema>;

const stopSchema = z.object({
  attempt: z.string(),
  reason: z.enum(["cancelled", "time_limit", "preempted", "withdrawn"]),
  graceMs: z.number(),
});
export type Stop = z.infer<typeof stopSchema>;

export const helloSchema = z.strictObject({
  agent: z.string().min(8),
  machine: z.string().min(1).max(100),
  hardware: hardwareSchema,
  bootId: z.string(),
  host: z.string(),
  /** Whether the yard can open the spool's files itself. */
  spool: z.string(),
});
export const welcomeSchema = z.object({
  yard: z.string(),
  epoch: z.number(),
  slots: z.array(z.string()).nullable(),
  /** What the machine has as the yard takes it: GPUs that were known and are not seen now are among it. */
  hardware: hardwareSchema,
  /** Everything of this machine that has not ended, as far as the yard knows. */
  attempts: z.array(assignmentSchema),
});
export type Welcome = z.infer<typeof welcomeSchema>;

export const pollSchema = z.strictObject({ ...who, waitMs: z.number().int().min(0).max(60_000) });
export const ordersSchema = z.object({
  assignments: z.array(assignmentSchema),
  stops: z.array(stopSchema),
  slots: z.array(z.string()).nullable(),
});

const endingSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("exited"), exitCode: z.number().int() }),
  z.strictObject({ kind: z.literal("signalled"), signal: z.number().int() }),
  z.strictObject({ kind: z.literal("could_not_start"), reason: z.string() }),
  z.strictObject({ kind: z.literal("lost"), detail: z.string() }),
  z.strictObject({ kind: z.literal("never_began") }),
]);

/** A stream as an agent hands it over: small ones along with the report (base64), large ones as a path to adopt. */
const streamSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("inline"), base64: z.string() }),
  z.strictObject({ kind: z.literal("path"), path: z.string() }),
]);

const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()]);
export const reportSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("started"), attempt: z.string(), at: z.number(), pid: z.number() }),
  z.strictObject({
    kind: z.literal("observed"),
    attempt: z.string(),
    progress: z.strictObject({ done: z.number(), of: z.number().nullable() }).nullable(),
    metrics: z.record(z.string(), scalar),
    result: z.record(z.string(), scalar),
  }),
  z.strictObject({
    kind: z.literal("ended"),
    attempt: z.string(),
    startedAt: z.number().nullable(),
    endedAt: z.number(),
    ending: endingSchema,
    /** The limit at which the agent itself stopped it; null: it did not. */
    timeLimitMs: z.number().nullable(),
    out: streamSchema,
    err: streamSchema,
    events: streamSchema,
    symptom: z.enum(["out_of_gpu_memory", "out_of_memory"]).nullable(),
    memoryPeakBytes: z.number().nullable(),
    gpuMemoryPeakBytes: z.number().nullable(),
  }),
]);
export type Report = z.infer<typeof reportSchema>;

export const reportsSchema = z.strictObject({
  ...who,
  reports: z.array(reportSchema).max(10_000),
  /** Sent along now and then. */
  hardware: hardwareSchema.optional(),
});
/** Attempts whose end is now kept by the yard: their spools may go. */
export const acknowledgementSchema = z.object({ kept: z.array(z.string()) });
