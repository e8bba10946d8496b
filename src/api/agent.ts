import { z } from "zod";
import type { Assignment, Stop } from "../core/assignment.ts";
import type { Report } from "../core/report.ts";
import { hardwareSchema } from "./machine.ts";

/** The words between an agent and its yard. An agent says hello, then polls for what is assigned and posts reports. */

/** Epoch milliseconds, as far as a date can be told of them. */
const instant = z.number().min(0).max(8.64e15);

const who = { agent: z.string().min(8), epoch: z.number().int() };

const slotSchema = z.object({
  devices: z.string(),
  gpus: z.array(z.string()),
  cpus: z.number(),
  memoryBytes: z.number(),
});

const assignmentSchema = z.object({
  attempt: z.string(),
  job: z.number(),
  n: z.number(),
  try: z.number(),
  slot: slotSchema,
  command: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("argv"), argv: z.array(z.string()) }),
    z.object({ kind: z.literal("shell"), text: z.string() }),
  ]),
  params: z.string(),
  cwd: z.string(),
  environment: z.string(),
  named: z.array(z.string()),
  umask: z.string(),
  limits: z.record(z.string(), z.string()),
  out: z.string().nullable(),
  snapshot: z.string().nullable(),
  outputs: z.array(z.string()),
  keep: z.boolean(),
  timeLimitMs: z.number().nullable(),
  /** When its command began, as the yard was told; null: nobody has told. */
  startedAt: z.number().nullable(),
  gang: z.object({ rank: z.number(), hosts: z.array(z.string()), port: z.number() }).nullable(),
  kept: z.string().nullable(),
}) satisfies z.ZodType<Assignment>;

const stopSchema = z.object({
  attempt: z.string(),
  reason: z.enum(["cancelled", "time_limit", "preempted", "withdrawn", "worker_ended"]),
  graceMs: z.number(),
}) satisfies z.ZodType<Stop>;

export const helloSchema = z.strictObject({
  agent: z.string().min(8),
  machine: z.string().min(1).max(100),
  hardware: hardwareSchema,
  bootId: z.string(),
  host: z.string(),
  /** Where other machines reach this one. */
  address: z.string(),
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
  z.strictObject({ kind: z.literal("cancelled"), by: z.string() }),
  z.strictObject({ kind: z.literal("never_began") }),
]);

const streamSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("inline"), base64: z.string() }),
  z.strictObject({ kind: z.literal("path"), path: z.string() }),
]);

const seatSchema = z.strictObject({ node: z.string(), gpus: z.array(z.string()) });
const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()]);
const reportSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("started"),
    attempt: z.string(),
    at: instant,
    pid: z.number(),
    seat: seatSchema.optional(),
  }),
  z.strictObject({
    kind: z.literal("observed"),
    attempt: z.string(),
    progress: z.strictObject({ done: z.number(), of: z.number().nullable() }).nullable(),
    metrics: z.record(z.string(), scalar),
    result: z.record(z.string(), scalar),
    /** So far; null: nothing new. */
    memoryPeakBytes: z.number().nullable(),
    gpuMemoryPeakBytes: z.number().nullable(),
  }),
  z.strictObject({
    kind: z.literal("ended"),
    attempt: z.string(),
    startedAt: instant.nullable(),
    endedAt: instant,
    ending: endingSchema,
    /** The limit at which the agent itself stopped it; null: it did not. */
    timeLimitMs: z.number().nullable(),
    isInterrupted: z.boolean().optional(),
    seat: seatSchema.optional(),
    out: streamSchema,
    err: streamSchema,
    events: streamSchema,
    symptom: z.enum(["out_of_gpu_memory", "out_of_memory"]).nullable(),
    memoryPeakBytes: z.number().nullable(),
    gpuMemoryPeakBytes: z.number().nullable(),
  }),
]) satisfies z.ZodType<Report>;

export const reportsSchema = z.strictObject({
  ...who,
  reports: z.array(reportSchema).max(10_000),
  /** Sent along now and then. */
  hardware: hardwareSchema.optional(),
});
/** Attempts whose end is now kept by the yard: their spools may go. */
export const acknowledgementSchema = z.object({ kept: z.array(z.string()) });
