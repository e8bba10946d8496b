import { z } from "zod";

/** Code that has arrived as a zip, as jobs name it. */
export const uploadedSchema = z.object({
  /** For `snapshot` of a submission. */
  snapshot: z.string(),
  files: z.number(),
  totalBytes: z.number(),
  /** The one folder that everything in the zip lay in: runs work in what was in it. Null: there was none. */
  top: z.string().nullable(),
  /** What of the zip does not go along, and so is not there for the runs. */
  leftOut: z.array(
    z.object({
      path: z.string(),
      kind: z.enum(["folder", "file", "link", "special"]),
      sizeBytes: z.number().nullable(),
    }),
  ),
  /** All of that in one line: `420 files, 3.0 MB; left out: data/ 47 GB`. */
  text: z.string(),
});
