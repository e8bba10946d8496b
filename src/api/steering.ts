import { z } from "zod";
import { selection, text } from "./text.ts";

/** What commands that steer send: which jobs and runs they mean, as people write it (`12`, `12.1-5`, `3,5`, `all`). */
export const selectionSchema = z.strictObject({ select: selection });

export const cancelSchema = selectionSchema.extend({
  /** Between SIGTERM and SIGKILL. */
  graceMs: z.number().int().min(0).max(3_600_000).default(10_000),
});

export const retrySchema = selectionSchema.extend({
  /** Only those that failed; else all that ended without success, or exactly the runs named. */
  failed: z.boolean().default(false),
  /** They work with this code from now on. Both null: with the code as it was submitted. */
  snapshot: text.nullable().default(null),
  commit: text.nullable().default(null),
});

export const changedSchema = z.object({
  /** Jobs that were meant and exist. */
  jobs: z.array(z.number()),
  /** Waiting runs that were changed at once. */
  runs: z.number(),
  /** Runs that were running and are being stopped. */
  stopping: z.number(),
});
export type Changed = z.infer<typeof changedSchema>;

export const statusSchema = z.object({
  yard: z.string(),
  version: z.string(),
  epoch: z.number(),
  startedAt: z.string(),
  home: z.string(),
  url: z.string(),
  jobs: z.number(),
  queued: z.number(),
  running: z.number(),
  paused: z.array(z.string()),
  machines: z.object({ reachable: z.number(), unreachable: z.number() }),
  /** Why machines take no runs now, worded for people. */
  problems: z.array(z.string()),
  freeBytes: z.number(),
});
export type Status = z.infer<typeof statusSchema>;

export const tokenRoles = ["admin", "user", "agent"] as const;

export const newTokenSchema = z.strictObject({
  user: text.min(1).max(100),
  role: z.enum(tokenRoles),
  label: text.max(200).default(""),
  /** A hundred years at most. Null: until it is revoked. */
  expiresInMs: z
    .number()
    .int()
    .min(1)
    .max(100 * 365 * 86_400_000)
    .nullable()
    .default(null),
});
export const tokenSchema = z.object({
  id: z.string(),
  user: z.string(),
  role: z.enum(tokenRoles),
  label: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
});
export type Token = z.infer<typeof tokenSchema>;
