import { z } from "zod";
import { whole } from "./query.ts";
import { text } from "./text.ts";

const attempt = text.optional().describe("Default: the latest attempt.");

export const outputQuerySchema = z.strictObject({
  stream: z.enum(["out", "err", "events"]).default("out"),
  attempt,
  from: whole(0).optional(),
  /** Only so many of the last lines. */
  tail: whole(0, 1_000_000).optional(),
  limit: whole(1, 8 * 1024 * 1024).default(1024 * 1024),
});

export const saveOutputQuerySchema = z.strictObject({
  stream: z.enum(["out", "err", "events"]).default("out"),
  attempt,
});

export const searchOutputQuerySchema = z.strictObject({
  text: text
    .min(1)
    .max(1000)
    .describe("Small letters find large ones too; a text with a large letter is looked for exactly."),
  stream: z.enum(["out", "err"]).default("out"),
  attempt,
  from: whole(0).default(0),
  limit: whole(1, 1000).default(100),
});

export const foundLinesSchema = z.object({
  /** Where each line begins in the stream, in bytes. */
  lines: z.array(z.object({ at: z.number(), text: z.string() })),
  /** Where to go on; null: the end was reached. */
  next: z.number().nullable(),
});
