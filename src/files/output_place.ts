import { z } from "zod";

const count = z.int().nonnegative();

export const outputPlaceSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("pack"), job: count, offset: count, length: count }),
  z.strictObject({ kind: z.literal("file"), path: z.string() }),
  z.strictObject({ kind: z.literal("spool"), path: z.string() }),
]);

/**
 * Where a stream of an attempt lies:
 * `none`   nothing was printed, or it is not kept
 * `pack`   a slice, in bytes, of its job's pack
 * `file`   a file of its own; `path` is relative to the root of the yard's files
 * `spool`  where the run writes or wrote it; `path` is absolute, and the file may still grow
 */
export type OutputPlace = z.infer<typeof outputPlaceSchema>;
