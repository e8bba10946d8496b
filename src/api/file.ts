import { z } from "zod";
import { next, whole } from "./query.ts";
import { text } from "./text.ts";

/** Names divided by `/`, as a list of files gives them; nothing: the places that a run's files lie in. */
const filePath = text.max(4095).default("");
/** Default: the latest attempt. */
const attempt = text.optional();

export const filesQuerySchema = z.strictObject({
  attempt,
  path: filePath,
  after: text.max(4000).optional().describe("The `next` of the page before."),
  limit: whole(1, 1000).default(200),
});

export const fileQuerySchema = z.strictObject({ attempt, path: text.min(1).max(4095) });

const entrySchema = z.object({
  name: z.string(),
  /** `other`: a device, a pipe, or what has a name that is no text. Neither it nor a link can be read. */
  kind: z.enum(["folder", "file", "link", "other"]),
  sizeBytes: z.number().nullable(),
  modifiedAt: z.string().nullable(),
  /** What a link says; it is not followed. */
  target: z.string().nullable(),
  /** Of a place that a run's files lie in: where on the yard's machine that is. */
  at: z.string().nullable(),
});
export type FileEntry = z.infer<typeof entrySchema>;

/** A folder, its own folders first. */
export const filesSchema = z.object({
  path: z.string(),
  entries: z.array(entrySchema),
  next,
  /** What the run has left and cannot be shown here, and where it lies. */
  elsewhere: z.array(z.string()),
});
