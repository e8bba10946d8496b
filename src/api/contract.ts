import { z } from "zod";
import { acknowledgementSchema, helloSchema, ordersSchema, pollSchema, reportsSchema, welcomeSchema } from "./agent.ts";
import { axisSchema, jobChangesSchema, jobSchema, submissionSchema } from "./job.ts";
import { machineChangesSchema, machineSchema } from "./machine.ts";
import type { DoorName } from "./paths.ts";
import { attemptSchema, explanationSchema, runSchema } from "./run.ts";
import {
  cancelSchema,
  changedSchema,
  newTokenSchema,
  retrySchema,
  selectionSchema,
  statusSchema,
  tokenSchema,
} from "./steering.ts";

const nothing = z.strictObject({});
const job = z.object({ job: z.coerce.number().int().min(1) });
const run = job.extend({ n: z.coerce.number().int().min(1) });
const machine = z.object({ machine: z.string().min(1) });
const limit = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const poolSchema = z.object({
  name: z.string(),
  driver: z.string(),
  policy: z.string(),
  paused: z.boolean(),
  /** Whose account its runs execute under. */
  owner: z.string(),
  /** It runs everyone's work, as its owner; else only its owner's. */
  shared: z.boolean(),
});
const json = z.record(z.string(), z.unknown());

/** What each door takes and gives. OpenAPI, the server's parsing and the client's types all come out of this table. */
export const contract = {
  health: { params: nothing, query: nothing, body: null, answer: z.object({ yard: z.string(), version: z.string() }) },
  ready: {
    params: nothing,
    query: nothing,
    body: null,
    answer: z.object({ ready: z.boolean(), checks: z.record(z.string(), z.string()) }),
  },
  metrics: { params: nothing, query: nothing, body: null, answer: z.string() },
  openapi: { params: nothing, query: nothing, body: null, answer: json },
  status: { params: nothing, query: nothing, body: null, answer: statusSchema },
  submit: { params: nothing, query: nothing, body: submissionSchema, answer: z.object({ job: jobSchema }) },
  listJobs: {
    params: nothing,
    query: z.strictObject({
      open: flag.optional(),
      user: z.string().optional(),
      tag: z.string().optional(),
      search: z.string().optional(),
      select: z.string().optional(),
      /** Only jobs older than this id. */
      before: z.coerce.number().int().optional(),
      limit: limit(1000, 100),
    }),
    body: null,
    answer: z.object({ jobs: z.array(jobSchema), next: z.number().nullable() }),
  },
  showJob: { params: job, query: nothing, body: null, answer: z.object({ job: jobSchema, definition: json }) },
  setJob: { params: job, query: nothing, body: jobChangesSchema, answer: z.object({ job: jobSchema }) },
  extend: {
    params: job,
    query: nothing,
    body: z.strictObject({ axes: z.array(axisSchema).min(1) }),
    answer: z.object({ job: jobSchema, added: z.number() }),
  },
  listRuns: {
    params: job,
    query: z.strictObject({
      /** Comma-separated run statuses. */
      status: z.string().optional(),
      first: z.coerce.number().int().min(1).optional(),
      last: z.coerce.number().int().min(1).optional(),
      /** Only runs after this one. */
      after: z.coerce.number().int().min(0).default(0),
      limit: limit(10_000, 100),
    }),
    body: null,
    answer: z.object({ runs: z.array(runSchema), next: z.number().nullable() }),
  },
  results: {
    params: job,
    query: z.strictObject({
      /** A key of the results; `-` in front: largest first. */
      sort: z.string().optional(),
      offset: z.coerce.number().int().min(0).default(0),
      limit: limit(10_000, 100),
    }),
    body: null,
    answer: z.object({ runs: z.array(runSchema), next: z.number().nullable() }),
  },
  showRun: {
    params: run,
    query: nothing,
    body: null,
    answer: z.object({
      run: runSchema,
      attempts: z.array(attemptSchema),
      /** The folder, on the machine of the last attempt, that the next one finds as RUNYARD_CHECKPOINTS; null: it kept none. */
      checkpoints: z.string().nullable(),
    }),
  },
  output: {
    params: run,
    query: z.strictObject({
      stream: z.enum(["out", "err", "events"]).default("out"),
      /** Default: the latest attempt. */
      attempt: z.string().optional(),
      from: z.coerce.number().int().min(0).optional(),
      /** Only so many of the last lines. */
      tail: z.coerce.number().int().min(0).max(1_000_000).optional(),
      limit: limit(8 * 1024 * 1024, 1024 * 1024),
    }),
    body: null,
    /** Bytes; the headers `runyard-from`, `runyard-to` and `runyard-ended` say where they stand. */
    answer: z.string(),
  },
  runMetrics: {
    params: run,
    query: z.strictObject({ attempt: z.string().optional() }),
    body: null,
    answer: z.object({
      points: z.array(z.object({ at: z.number(), step: z.number().nullable(), values: json })),
      /** What the run said beside its metrics. */
      texts: z.array(z.object({ at: z.number(), text: z.string() })),
      /** Lines of the events file that could not be read as events. */
      skipped: z.number(),
    }),
  },
  explain: {
    params: nothing,
    query: z.strictObject({ select: z.string() }),
    body: null,
    answer: z.object({ runs: z.array(explanationSchema) }),
  },
  cancel: { params: nothing, query: nothing, body: cancelSchema, answer: changedSchema },
  retry: { params: nothing, query: nothing, body: retrySchema, answer: changedSchema },
  pause: { params: nothing, query: nothing, body: selectionSchema, answer: changedSchema },
  resume: { params: nothing, query: nothing, body: selectionSchema, answer: changedSchema },
  events: {
    params: nothing,
    query: z.strictObject({
      job: z.coerce.number().int().optional(),
      /** Whether the job's runs are told too. Default: they are. */
      runs: flag.optional(),
    }),
    body: null,
    answer: z.string(),
  },
  listMachines: { params: nothing, query: nothing, body: null, answer: z.object({ machines: z.array(machineSchema) }) },
  setMachine: {
    params: machine,
    query: nothing,
    body: machineChangesSchema,
    answer: z.object({ machine: machineSchema }),
  },
  listPools: {
    params: nothing,
    query: nothing,
    body: null,
    answer: z.object({
      pools: z.array(poolSchema),
    }),
  },
  setPool: {
    params: z.object({ pool: z.string() }),
    query: nothing,
    body: z.strictObject({ shared: z.boolean() }),
    answer: z.object({ pool: poolSchema }),
  },
  listTokens: { params: nothing, query: nothing, body: null, answer: z.object({ tokens: z.array(tokenSchema) }) },
  createToken: {
    params: nothing,
    query: nothing,
    body: newTokenSchema,
    /** The token itself is shown once, here. */
    answer: z.object({ token: tokenSchema, secret: z.string() }),
  },
  revokeToken: {
    params: z.object({ token: z.string() }),
    query: nothing,
    body: null,
    answer: z.object({ token: tokenSchema }),
  },
  audit: {
    params: nothing,
    query: z.strictObject({ before: z.coerce.number().int().optional(), limit: limit(1000, 100) }),
    body: null,
    answer: z.object({
      entries: z.array(
        z.object({
          id: z.number(),
          at: z.string(),
          user: z.string(),
          action: z.string(),
          target: z.string(),
          detail: json,
        }),
      ),
      next: z.number().nullable(),
    }),
  },
  stopYard: { params: nothing, query: nothing, body: z.strictObject({}), answer: z.object({ running: z.number() }) },
  hello: { params: machine, query: nothing, body: helloSchema, answer: welcomeSchema },
  poll: { params: machine, query: nothing, body: pollSchema, answer: ordersSchema },
  report: { params: machine, query: nothing, body: reportsSchema, answer: acknowledgementSchema },
  environment: {
    params: z.object({ environment: z.string().regex(/^[0-9a-f]{8,128}$/) }),
    query: nothing,
    body: null,
    answer: z.object({ variables: z.record(z.string(), z.string()) }),
  },
} satisfies Record<DoorName, Entry>;

interface Entry {
  params: z.ZodType;
  query: z.ZodType;
  body: z.ZodType | null;
  answer: z.ZodType;
}

export type Contract = typeof contract;
