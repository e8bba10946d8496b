import { z } from "zod";
import { MOST_UTILIZATION } from "../core/capacity.ts";
import { isGpuType } from "../core/gpu_kind.ts";
import { jobStatuses } from "../core/job.ts";
import { outputPattern } from "../core/output_patterns.ts";
import { objectionToOption } from "../core/slurm.ts";
import { loginSchema } from "./machine.ts";
import { wishSchema } from "./notice.ts";
import { remainingSchema } from "./remaining.ts";
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

/** What a run needs of a machine that others use too: placed by what is really free. Bytes, cores, shares of a GPU. */
const needSchema = z.strictObject({
  cpus: z.number().min(0).max(100_000),
  memoryBytes: z.number().min(0),
  gpuMemoryBytes: z.number().min(0),
  gpuUtilization: z.number().min(0).max(MOST_UTILIZATION),
  reserveGpu: z.boolean(),
  gpuRequired: z.boolean(),
  reserveMachine: z.boolean(),
});

const demandSchema = z
  .strictObject({
    gpus: z.number().int().min(0).max(1024).nullable().default(null),
    /** Which GPUs will do: with at least so much memory each, and with one of these words in their names. Absent: any. */
    gpuKind: z
      .strictObject({
        memoryBytes: z.number().int().min(1).optional(),
        types: z.array(text.refine(isGpuType, "must have a word in it")).min(1).max(100).optional(),
      })
      .optional(),
    /** 0: it takes no core. */
    cpus: z.number().int().min(0).max(100_000).nullable().default(null),
    memoryBytes: z.number().int().min(1).nullable().default(null),
    need: needSchema.optional(),
    /** Only on these machines of the pool. */
    machines: z.array(name).min(1).optional(),
    /** Processes of a run that start together, on different machines where there is room; each has all of the above. */
    workers: z.number().int().min(1).max(1024).optional(),
    /** Of a resumable job: as many at the most, under a policy that changes how many a run has. Absent: always `workers`. */
    mostWorkers: z.number().int().min(1).max(1024).optional(),
  })
  .refine(({ workers = 1, mostWorkers = workers }) => mostWorkers >= workers, {
    path: ["mostWorkers"],
    message: "must not be less than workers",
  })
  .refine(({ gpuKind, gpus, need }) => !gpuKind || (gpus !== 0 && !need), {
    path: ["gpuKind"],
    message: "goes neither with 0 GPUs nor with need",
  });

const afterSchema = z.strictObject({ job: z.number().int().min(1), any: z.boolean().default(false) });

/** Each run's results: `<folder>/<name>/`, with `<name>.out` and `<name>.err` beside it; the name is `<prefix>.<line>`. */
const resultsSchema = z.strictObject({
  folder: z.string().startsWith("/"),
  prefix: z.string().regex(/^[^/\0]{1,240}$/),
  /** Paths below which results are taken; empty: all. */
  only: z.array(z.string()),
});

/** A file or folder in the work folder, with `*`, `?`, `[a-z]`; `*` stands for `/` too. */
const outputSchema = text.transform((pattern, context) => {
  const kept = outputPattern(pattern);
  if (kept === null) context.addIssue({ code: "custom", message: "must name something within the work folder" });
  return kept ?? "";
});

const sbatchOption = z.tuple([z.string(), z.string().nullable()]).superRefine((option, refinement) => {
  const objection = objectionToOption(option);
  if (objection !== null) refinement.addIssue({ code: "custom", message: objection });
});

const wholePath = text.startsWith("/").nullable().default(null);

/** Which cluster the job's runs are handed to, and how they are submitted there. */
export const slurmSchema = z.strictObject({
  /** Where Slurm's commands are executed; null: on the yard's machine. */
  login: loginSchema.nullable().default(null),
  /** What SLURM_CONF is for them; null: not set. */
  conf: wholePath,
  /** For runs' folders, on a file system that the nodes share; null: below the yard's home, or the login's data folder. */
  spool: text
    .regex(/^(\/|~\/)/, "is a whole path, or one below ~/")
    .nullable()
    .default(null),
  /** The `#SBATCH` lines of the script, in order. */
  resources: z.array(sbatchOption).default([]),
  /** What counts over them: said on sbatch's command line. */
  options: z.array(sbatchOption).default([]),
  /** Shell text before the command. */
  env: text.default(""),
  /** The number of each run in Slurm's array; null: Runyard numbers them. */
  array: z.array(z.number().int().min(0)).max(1_000_000).nullable().default(null),
});
export type SlurmInput = z.input<typeof slurmSchema>;

/** A name with `=` in it would be another one. */
const variablesSchema = z.record(z.string().regex(/^[^=\u0000]+$/, "cannot be the name of a variable"), text);

/** What `run`, `sweep`, `batch` and `submit` send. */
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
  /** One, or several with commas between: a run goes where it can start first, the first named before the others. */
  pool: name.default("local"),
  demand: demandSchema.prefault({}),
  priority: z.number().int().min(0).max(1000).default(30),
  after: z.array(afterSchema).default([]),
  retries: z.number().int().min(0).max(1000).default(0),
  timeLimitMs: z.number().int().min(1).nullable().default(null),
  /** How long a run takes, as its user says: for what goes by that, and for telling when it will be done. */
  expectedMs: z.number().int().min(1).nullable().default(null),
  atMost: count.nullable().default(null),
  resumable: z.boolean().default(false),
  paused: z.boolean().default(false),
  tags: z.array(name).default([]),
  /** Who is told of its end: targets, or `me`; `failed=` in front: only of a failure. */
  notify: z.array(wishSchema).max(100).default([]),
  /** `~` is the home folder on the yard's machine. Absent: with a snapshot, that alone; else an empty folder for each run. */
  cwd: text.regex(/^(\/|~(\/|$))/, "is a whole path, or one below ~/").optional(),
  /** Absent: that of a login on the yard's machine. */
  environment: variablesSchema.optional(),
  /** Set on top of it; they go along to other machines too. */
  variables: variablesSchema.default({}),
  /** Names of variables in it that go along to other machines too. */
  named: z.array(name).default([]),
  umask: z
    .string()
    .regex(/^[0-7]{1,4}$/)
    .default("022"),
  limits: z.record(z.string().regex(/^[a-z]$/), z.string().regex(/^(\d+|unlimited)$/)).default({}),
  /** Relative: in `cwd`. */
  out: text.min(1).nullable().default(null),
  snapshot: text.nullable().default(null),
  commit: text.nullable().default(null),
  /** Which of the files that runs make in their snapshot of the code, or on another machine, are results; empty: all. */
  outputs: z.array(outputSchema).default([]),
  /** The folders of runs stay on their machines. */
  keep: z.boolean().default(false),
  /** Runs (numbers from 1) that are not to be executed: their results are there. */
  skip: z.array(z.number().int().min(1)).max(1_000_000).default([]),
  /** Where results are put as runs end, never over what is there; null: they stay with the yard. */
  results: resultsSchema.nullable().default(null),
  /** Where one of its pools is Slurm's: which cluster that is, and how its runs go through it. */
  slurm: slurmSchema.nullable().default(null),
  /** Refused where every machine has answered and none has room now, this yard's own runs not counted. */
  unlessFull: z.boolean().default(false),
});
export type Submission = z.infer<typeof submissionSchema>;
/** Jobs that are queued all together or not at all. */
export const submissionsSchema = z.strictObject({
  jobs: z.array(submissionSchema).min(1).max(1000),
  /** Only looks whether they would be queued. */
  check: z.boolean().default(false),
});
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
  /** Until its last run ends, if as many as now go at once; null: none runs, or nothing tells. */
  remaining: remainingSchema.nullable(),
  runs: runCountsSchema,
  /** The best of its runs by the first of their results, in the order of letters, that is a number; which way is better, its name tells. Null: none has one. */
  best: z.object({ key: z.string(), value: z.number(), run: z.string() }).nullable(),
});
export type Job = z.infer<typeof jobSchema>;

/** In the order in which they were sent; none where they were only checked. `runs`: of all of them. */
export const submittedSchema = z.object({ jobs: z.array(jobSchema), runs: z.number() });

export const jobChangesSchema = z.strictObject({
  priority: z.number().int().min(0).max(1000).optional(),
  name: name.optional(),
  atMost: count.nullable().optional(),
  retries: z.number().int().min(0).max(1000).optional(),
  timeLimitMs: z.number().int().min(1).nullable().optional(),
  expectedMs: z.number().int().min(1).nullable().optional(),
  tags: z.array(name).max(100).optional(),
  /** Who is told of its end beside those that were named before; null: none of them any more. */
  notify: z.array(wishSchema).min(1).max(100).nullable().optional(),
});
export type JobChanges = z.input<typeof jobChangesSchema>;

/** What would fit where, as machines are now. */
export const planSchema = z.strictObject({ pool: name, demand: demandSchema });
export const plannedSchema = z.object({
  machines: z.array(
    z.object({
      name: z.string(),
      /** It has answered, and takes runs now. */
      open: z.boolean(),
      /** The GPU of each run that fits, null for none, in the order in which they are given out. */
      placements: z.array(z.string().nullable()),
      /** Why not one more. */
      because: z.string(),
    }),
  ),
});
