import { z } from "zod";
import { machineStatuses } from "../core/machine.ts";
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

export const machineSchema = z.object({
  name: z.string(),
  pool: z.string(),
  status: z.enum(machineStatuses),
  drained: z.boolean(),
  cpus: z.number(),
  memoryBytes: z.number(),
  gpus: z.array(z.object({ ...gpuFacts, heldBy: z.array(z.string()) })),
  /** Explicit slots with what runs in each; null where GPUs and cores are counted. */
  slots: z.array(z.object({ devices: z.string(), heldBy: z.string().nullable(), draining: z.boolean() })).nullable(),
  running: z.array(z.string()),
  problems: z.array(z.string()),
  seenAt: z.string().nullable(),
  unreachableSince: z.string().nullable(),
});
export type Machine = z.infer<typeof machineSchema>;

const slotSchema = z.string().superRefine((devices, refinement) => {
  const objection = objectionToSlot(devices);
  if (objection !== null) refinement.addIssue({ code: "custom", message: objection });
});

export const machineChangesSchema = z.strictObject({
  /** One CUDA_VISIBLE_DEVICES a slot; null goes back to counting. */
  slots: z.array(slotSchema).nullable().optional(),
  drained: z.boolean().optional(),
});
export type MachineChanges = z.infer<typeof machineChangesSchema>;
