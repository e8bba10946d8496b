import { z } from "zod";
import { jobStatuses } from "../core/job.ts";
import { machineStatuses } from "../core/machine.ts";
import { knownPolicies } from "../core/policies/known_policies.ts";
import { runStatuses } from "../core/run.ts";
import { acknowledgementSchema, helloSchema, ordersSchema, pollSchema, reportsSchema, welcomeSchema } from "./agent.ts";
import { fileQuerySchema, filesQuerySchema, filesSchema } from "./file.ts";
import { historyQuerySchema, pastRunSchema } from "./history.ts";
import {
  axisSchema,
  jobChangesSchema,
  jobSchema,
  plannedSchema,
  planSchema,
  slurmSchema,
  submissionSchema,
  submissionsSchema,
  submittedSchema,
} from "./job.ts";
import { checksSchema, machineChangesSchema, machineSchema, newMachineSchema } from "./machine.ts";
import { noticeDoors } from "./notice.ts";
import { foundLinesSchema, outputQuerySchema, saveOutputQuerySchema, searchOutputQuerySchema } from "./output.ts";
import { overviewSchema } from "./overview.ts";
import type { DoorName } from "./paths.ts";
import { poolRulesSchema } from "./pool.ts";
import { after, flag, listing, next, someOf, whole } from "./query.ts";
import { attemptSchema, explanationSchema, runSchema } from "./run.ts";
import {
  curvesQuerySchema,
  curvesSchema,
  exportQuerySchema,
  failuresSchema,
  importanceQuerySchema,
  importanceSchema,
  runColumnsQuerySchema,
  runColumnsSchema,
  runTableQuerySchema,
  runTableSchema,
} from "./run_table.ts";
import { newLoginSchema, newSessionSchema, sessionSchema } from "./session.ts";
import { uploadedSchema } from "./snapshot.ts";
import {
  cancelSchema,
  changedSchema,
  newTokenSchema,
  retrySchema,
  selectionSchema,
  statusSchema,
  tokenRoles,
  tokenSchema,
} from "./steering.ts";
import { selection, text } from "./text.ts";
import {
  listUseQuerySchema,
  machineUseSchema,
  runUseQuerySchema,
  runUseSchema,
  useQuerySchema,
  useWindowSchema,
} from "./use.ts";

const nothing = z.strictObject({});
const job = z.object({ job: whole(1) });
const run = job.extend({ n: whole(1) });
const machine = z.object({ machine: text.min(1) });
const poolSchema = z.object({
  name: z.string(),
  driver: z.string(),
  policy: z.string(),
  /** What was set of how it shares out what it has; what is absent is as usual. */
  rules: poolRulesSchema.partial(),
  paused: z.boolean(),
  /** Whose account its runs execute under. */
  owner: z.string(),
  /** It runs everyone's work, as its owner; else only its owner's. */
  shared: z.boolean(),
  /** Some of its machines do not share this one's folders: code goes there as a snapshot. */
  remote: z.boolean(),
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
  createLogin: { params: nothing, query: nothing, body: nothing, answer: newLoginSchema },
  openSession: { params: nothing, query: nothing, body: newSessionSchema, answer: sessionSchema },
  showSession: { params: nothing, query: nothing, body: null, answer: sessionSchema },
  closeSession: { params: nothing, query: nothing, body: null, answer: nothing },
  submit: { params: nothing, query: nothing, body: submissionSchema, answer: z.object({ job: jobSchema }) },
  submitAll: { params: nothing, query: nothing, body: submissionsSchema, answer: submittedSchema },
  plan: { params: nothing, query: nothing, body: planSchema, answer: plannedSchema },
  /** The body is the zip itself. */
  uploadSnapshot: { params: nothing, query: nothing, body: null, answer: uploadedSchema },
  listJobs: {
    params: nothing,
    query: z.strictObject({
      ...listing(["id", "name", "user", "pool", "status", "priority", "runs", "submittedAt", "endedAt"], "-id"),
      status: someOf(jobStatuses).optional(),
      open: flag.optional().describe("Those that have not ended, or only those that have."),
      user: text.optional(),
      pool: text.optional(),
      tag: text.optional(),
      search: text.optional().describe("Part of the name or the command; small letters are as good as large ones."),
      select: selection.optional().describe("As on the command line: 12, 3,5,7-9, last, all (that have not ended)."),
      from: whole(0)
        .optional()
        .describe("How many to leave out, instead of `after`; then `total` says how many there are."),
    }),
    body: null,
    answer: z.object({ jobs: z.array(jobSchema), next, total: z.number().nullable() }),
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
      ...listing(["n", "status", "machine", "startedAt", "endedAt"], "n", { most: 10_000, usual: 100 }),
      status: someOf(runStatuses).optional(),
      machine: text.optional(),
      first: whole(1).optional(),
      last: whole(1).optional(),
    }),
    body: null,
    answer: z.object({ runs: z.array(runSchema), next }),
  },
  results: {
    params: job,
    query: z.strictObject({
      sort: text
        .optional()
        .describe(
          "A key of the results, `-` in front: largest first; then only runs with a result. Default: all, in order.",
        ),
      after,
      limit: whole(1, 10_000).default(100),
      status: someOf(runStatuses).optional(),
    }),
    body: null,
    answer: z.object({ runs: z.array(runSchema), next }),
  },
  runTable: { params: job, query: runTableQuerySchema, body: null, answer: runTableSchema },
  runColumns: { params: job, query: runColumnsQuerySchema, body: null, answer: runColumnsSchema },
  /** A file to keep. */
  exportRuns: { params: job, query: exportQuerySchema, body: null, answer: z.string() },
  importance: { params: job, query: importanceQuerySchema, body: null, answer: importanceSchema },
  curves: { params: job, query: curvesQuerySchema, body: null, answer: curvesSchema },
  failures: { params: job, query: nothing, body: null, answer: failuresSchema },
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
    query: outputQuerySchema,
    body: null,
    /** Bytes; the headers `runyard-from`, `runyard-to` and `runyard-ended` say where they stand. */
    answer: z.string(),
  },
  /** All of it, as a download. */
  saveOutput: { params: run, query: saveOutputQuerySchema, body: null, answer: z.string() },
  searchOutput: { params: run, query: searchOutputQuerySchema, body: null, answer: foundLinesSchema },
  listFiles: { params: run, query: filesQuerySchema, body: null, answer: filesSchema },
  /** Bytes, as a download; with `Range` a stretch of them. */
  readFile: { params: run, query: fileQuerySchema, body: null, answer: z.string() },
  /** A folder as a tar. */
  archiveFiles: { params: run, query: fileQuerySchema, body: null, answer: z.string() },
  runMetrics: {
    params: run,
    query: z.strictObject({ attempt: text.optional() }),
    body: null,
    answer: z.object({
      points: z.array(z.object({ at: z.number(), step: z.number().nullable(), values: json })),
      /** What the run said beside its metrics. */
      texts: z.array(z.object({ at: z.number(), text: z.string() })),
      /** Lines of the events file that could not be read as events. */
      skipped: z.number(),
    }),
  },
  runUse: { params: run, query: runUseQuerySchema, body: null, answer: runUseSchema },
  history: {
    params: nothing,
    query: historyQuerySchema,
    body: null,
    answer: z.object({ runs: z.array(pastRunSchema), next }),
  },
  explain: {
    params: nothing,
    query: z.strictObject({ select: selection }),
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
      job: whole(1).optional(),
      /** Whether the job's runs are told too. Default: they are. */
      runs: flag.optional(),
    }),
    body: null,
    answer: z.string(),
  },
  addMachine: {
    params: nothing,
    query: nothing,
    body: newMachineSchema,
    answer: z.object({ machine: machineSchema }),
  },
  addCluster: {
    params: nothing,
    query: nothing,
    body: z.strictObject({ pool: text.min(1), slurm: slurmSchema }),
    answer: z.object({ machine: machineSchema }),
  },
  removeMachine: { params: machine, query: nothing, body: null, answer: z.object({ machine: machineSchema }) },
  checkMachine: {
    params: machine,
    query: nothing,
    /** `accept`: a host key that nobody knows is taken for the right one. */
    body: z.strictObject({ accept: z.boolean().default(false) }),
    answer: checksSchema,
  },
  showCluster: { params: machine, query: nothing, body: null, answer: overviewSchema },
  listMachines: {
    params: nothing,
    query: z.strictObject({
      ...listing(["name", "pool", "status"], "name"),
      pool: text.optional(),
      status: someOf(machineStatuses).optional(),
    }),
    body: null,
    answer: z.object({ machines: z.array(machineSchema), next }),
  },
  setMachine: {
    params: machine,
    query: nothing,
    body: machineChangesSchema,
    answer: z.object({ machine: machineSchema }),
  },
  machineUse: {
    params: machine,
    query: useQuerySchema,
    body: null,
    answer: useWindowSchema.extend({ machine: machineUseSchema }),
  },
  listUse: {
    params: nothing,
    query: listUseQuerySchema,
    body: null,
    answer: useWindowSchema.extend({ machines: z.array(machineUseSchema), next }),
  },
  listPools: {
    params: nothing,
    query: z.strictObject({
      ...listing(["name", "owner"], "name"),
      owner: text.optional(),
      shared: flag.optional(),
    }),
    body: null,
    answer: z.object({ pools: z.array(poolSchema), next }),
  },
  setPool: {
    params: z.object({ pool: text }),
    query: nothing,
    body: z.strictObject({
      shared: z.boolean().optional(),
      policy: z.enum(Object.keys(knownPolicies)).optional(),
      /** What was set before and is not in it stays, also of other users. */
      rules: poolRulesSchema.partial().optional(),
      /** Whether all that was set before is forgotten first. */
      usualRules: z.boolean().optional(),
    }),
    answer: z.object({ pool: poolSchema }),
  },
  listTokens: {
    params: nothing,
    query: z.strictObject({
      ...listing(["createdAt", "user", "role", "expiresAt"], "createdAt"),
      user: text.optional(),
      role: someOf(tokenRoles).optional(),
      good: flag.optional().describe("Those that are neither revoked nor expired, or only those that are."),
    }),
    body: null,
    answer: z.object({ tokens: z.array(tokenSchema), next }),
  },
  createToken: {
    params: nothing,
    query: nothing,
    body: newTokenSchema,
    /** The token itself is shown once, here. */
    answer: z.object({ token: tokenSchema, secret: z.string() }),
  },
  revokeToken: {
    params: z.object({ token: text }),
    query: nothing,
    body: null,
    answer: z.object({ token: tokenSchema }),
  },
  ...noticeDoors,
  audit: {
    params: nothing,
    query: z.strictObject({
      ...listing(["id"], "-id"),
      user: text.optional(),
      action: text.optional(),
      target: text.optional(),
    }),
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
      next,
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
