import { z } from "zod";
import { isLoginHost, isLoginUser } from "../core/login.ts";
import { isMachineName, machineDrivers, machineStatuses } from "../core/machine.ts";
import { objectionToSlot } from "../core/slot_devices.ts";

const foreignProcessSchema = z.object({
  pid: z.number(),
  user: z.string().nullable(),
  name: z.string(),
  usedBytes: z.number().nullable(),
});

const gpuFacts = {
  index: z.string(),
  uuid: z.string().nullable(),
  name: z.string(),
  memoryBytes: z.number().nullable(),
  usedBytes: z.number().nullable(),
  utilization: z.number().nullable(),
  problem: z.string().nullable(),
  others: z.array(foreignProcessSchema),
};

/** What an agent says its machine has. */
export const hardwareSchema = z.object({
  cpus: z.number(),
  memoryBytes: z.number(),
  gpus: z.array(z.object(gpuFacts)),
  problems: z.array(z.string()),
  unseen: z.string().nullable().default(null),
  reserved: z.array(z.object({ device: z.string(), by: foreignProcessSchema })).default([]),
  blocked: z.string().nullable().default(null),
});

/** A worker that runs, with what it has, what it asked for, and what it was seen to use at its peak. */
const machineHolderSchema = z.object({
  run: z.string(),
  attempt: z.string(),
  /** Of its job. */
  name: z.string(),
  user: z.string(),
  /** Its CUDA_VISIBLE_DEVICES. */
  devices: z.string(),
  gpus: z.array(z.string()),
  startedAt: z.string().nullable(),
  /** Of each of its GPUs; null: it asked for no certain memory. */
  askedGpuMemoryBytes: z.number().nullable(),
  /** On all of its GPUs together; null: it is not known. */
  gpuMemoryPeakBytes: z.number().nullable(),
  askedMemoryBytes: z.number().nullable(),
  memoryPeakBytes: z.number().nullable(),
});
export type MachineHolder = z.infer<typeof machineHolderSchema>;

/** `text` is for people. */
const wasteSchema = z.discriminatedUnion("code", [
  z.object({ code: z.literal("idle_gpu"), run: z.string(), gpu: z.string(), idleMs: z.number(), text: z.string() }),
  z.object({
    code: z.enum(["gpu_memory", "memory"]),
    run: z.string(),
    askedBytes: z.number(),
    usedBytes: z.number(),
    text: z.string(),
  }),
]);

export const machineSchema = z.object({
  name: z.string(),
  pool: z.string(),
  status: z.enum(machineStatuses),
  drained: z.boolean(),
  cpus: z.number(),
  memoryBytes: z.number(),
  gpus: z.array(
    z.object({
      ...gpuFacts,
      heldBy: z.array(z.string()),
      /** Since when it has been idle (below 5 %) at every look; null: it is in use, or that is not known. */
      idleSince: z.string().nullable(),
    }),
  ),
  /** Explicit slots with what runs in each; null where GPUs and cores are counted. */
  slots: z.array(z.object({ devices: z.string(), heldBy: z.string().nullable(), draining: z.boolean() })).nullable(),
  running: z.array(z.string()),
  /** Why it takes no runs now; null: it does. */
  closed: z.string().nullable(),
  /** How many more runs that ask for nothing special it would start now; null: it is a cluster, whose queue takes all. */
  room: z.number().nullable(),
  holders: z.array(machineHolderSchema),
  /** Devices that another yard of this account holds, and that are none of `gpus`. */
  reserved: z.array(z.object({ device: z.string(), by: foreignProcessSchema })),
  /** What runs keep from others without using it. */
  waste: z.array(wasteSchema),
  problems: z.array(z.string()),
  seenAt: z.string().nullable(),
  unreachableSince: z.string().nullable(),
  driver: z.enum(machineDrivers),
  /** How it is reached; null: an agent comes by itself. */
  login: z
    .object({
      host: z.string(),
      user: z.string().nullable(),
      port: z.number().nullable(),
      /** A key file's path on the yard's machine. */
      key: z.string().nullable(),
      hostKey: z.string().nullable(),
    })
    .nullable(),
});
export type Machine = z.infer<typeof machineSchema>;

export const loginSchema = z.strictObject({
  host: z.string().refine(isLoginHost, "is not the name or address of a host"),
  user: z.string().refine(isLoginUser, "is not the name of a user").nullable().default(null),
  port: z.number().int().min(1).max(65_535).nullable().default(null),
  key: z.string().startsWith("/").nullable().default(null),
  hostKey: z
    .string()
    .regex(/^SHA256:[A-Za-z0-9+/]{43}$/, "is a fingerprint like SHA256:…, as ssh-keygen -l shows it")
    .nullable()
    .default(null),
  spool: z
    .string()
    .regex(/^(\/|~\/)/, "is a whole path on that machine, or one below ~/")
    .nullable()
    .default(null),
  /** What its owner allows of it. */
  limits: z
    .strictObject({ maxRuns: z.number().int().min(1).nullable(), gpus: z.array(z.string()).nullable() })
    .optional(),
  /** When runs may start there, in minutes of the day. */
  hours: z
    .strictObject({ from: z.number().int().min(0).max(1439), to: z.number().int().min(0).max(1440) })
    .nullable()
    .optional(),
  /** Shell text before each command. */
  env: z.string().max(10_000).nullable().optional(),
});

const slotSchema = z.string().superRefine((devices, refinement) => {
  const objection = objectionToSlot(devices);
  if (objection !== null) refinement.addIssue({ code: "custom", message: objection });
});

export const machineChangesSchema = z.strictObject({
  /** One CUDA_VISIBLE_DEVICES a slot; null goes back to counting. */
  slots: z.array(slotSchema).nullable().optional(),
  /** The slots that this change goes by: where they are others by now, it is refused. Absent: it is made whatever they are. */
  expectSlots: z.array(z.string()).nullable().optional(),
  drained: z.boolean().optional(),
  /** How it is reached from now on. */
  login: loginSchema.optional(),
});
export type MachineChanges = z.infer<typeof machineChangesSchema>;

/** A machine behind ssh. */
export const newMachineSchema = z.strictObject({
  name: z.string().refine(isMachineName, "takes letters, digits, dots, dashes and underscores"),
  /** Default: one of its own, with its name. */
  pool: z
    .string()
    .min(1)
    .max(200)
    .refine((pool) => !pool.includes(","), "must have no comma in it: that stands between the names of several")
    .optional(),
  login: loginSchema,
});
export type NewMachine = z.input<typeof newMachineSchema>;

export const checksSchema = z.object({
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), text: z.string() })),
});
