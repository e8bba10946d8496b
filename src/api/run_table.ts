import { z } from "zod";
import { whole } from "./query.ts";
import { runSchema } from "./run.ts";
import { text } from "./text.ts";

const list = z.union([text, z.array(text)]).transform((given) => (typeof given === "string" ? given : given.join(",")));

/** Conditions on runs, as `parseWhere` in core reads them. */
const where = list
  .optional()
  .describe(
    "Conditions that all hold, joined by commas or repeated: params.lr>=0.01, result.accuracy>0.9, status=failed|cancelled, search=adam",
  );
const sort = text
  .min(1)
  .default("n")
  .describe("A column, `-` in front: the largest first. What has no value comes last.");

const cell = z.union([z.number(), z.string(), z.null()]);
const cause = z.object({ code: z.string(), text: z.string() });

export const runTableQuerySchema = z.strictObject({
  where,
  sort,
  /** How many rows come before it. */
  from: whole(0).default(0),
  limit: whole(1, 1000).default(100),
});
export const runTableSchema = z.object({
  runs: z.array(runSchema),
  /** Runs for which the conditions hold, and runs of the job. */
  matching: z.number(),
  total: z.number(),
});

export const runColumnsQuerySchema = z.strictObject({
  names: list.optional().describe("Columns whose cells are asked for, separated by commas. Default: none."),
  where,
  most: whole(1, 20_000).default(2000).describe("Of more runs that match so many are taken, spread over all of them."),
});
export const runColumnsSchema = z.object({
  total: z.number(),
  matching: z.number(),
  /** Fewer runs were taken than match. */
  sampled: z.boolean(),
  /** Every column, as it is over all runs of the job. */
  columns: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["number", "text", "mixed", "empty"]),
      least: z.number().nullable(),
      most: z.number().nullable(),
      /** Null: more than a thousand. */
      distinct: z.number().nullable(),
      present: z.number(),
    }),
  ),
  /** Metrics and results that are too many to be filtered and sorted by. */
  leftOut: z.array(z.string()),
  /** The runs that were taken, and by column their cells: instants in ms since 1970, `took` in seconds. */
  n: z.array(z.number()),
  values: z.record(z.string(), z.array(cell)),
});
export type RunColumns = z.infer<typeof runColumnsSchema>;

export const importanceQuerySchema = z.strictObject({
  of: text.optional().describe("A column of numbers. Default: the first result that is one, else the first metric."),
  where,
});
export const importanceSchema = z.object({
  /** Null: there is no number yet that parameters could matter to. */
  of: z.string().nullable(),
  matching: z.number(),
  /** The most important first. */
  parameters: z.array(
    z.object({
      name: z.string(),
      /** Which part of the variation of its ranks goes with the parameter alone, 0 to 1; null: too few runs to say. */
      share: z.number().nullable(),
      /** Spearman's correlation, −1 to 1; null: the parameter is no number. */
      direction: z.number().nullable(),
      /** Runs that have both, of 10,000 at most. */
      runs: z.number(),
    }),
  ),
});

export const curvesQuerySchema = z.strictObject({
  metric: text.optional().describe("Default: the first that runs of the job tell of."),
  runs: text.max(10_000).optional().describe("1,2,5-9. Default: those that match."),
  where,
  sort,
  most: whole(1, 200).default(100).describe("Of more runs: the first in a `sort`, else some spread over all of them."),
  /** What points stand over: the step they were told with (where there was none, their number), or seconds since the first. */
  over: z.enum(["step", "seconds"]).default("step"),
});
export const curvesSchema = z.object({
  metric: z.string().nullable(),
  matching: z.number(),
  curves: z.array(
    z.object({
      n: z.number(),
      /** At most 300 points; extremes are kept. */
      x: z.array(z.number()),
      /** Null: NaN or infinite. */
      y: z.array(z.number().nullable()),
      /** How many there are in the run's events. */
      points: z.number(),
    }),
  ),
});

export const failuresSchema = z.object({
  failed: z.number(),
  /** The largest first. */
  groups: z.array(
    z.object({
      cause,
      /** The last line on stderr, of one of them; alike but for numbers and folders in the others. Null: none, or not yours to see. */
      says: z.string().nullable(),
      runs: z.number(),
      firstAt: z.string().nullable(),
      lastAt: z.string().nullable(),
      examples: z.array(z.string()),
      /** Name exactly these runs, in one request each. */
      selectors: z.array(text),
    }),
  ),
  /** Runs whose output has not been looked at yet: they stand together by their cause. The next request goes on with them. */
  unread: z.number(),
});
export type Failures = z.infer<typeof failuresSchema>;

export const exportQuerySchema = z.strictObject({
  format: z.enum(["csv", "json"]).default("csv"),
  where,
  sort,
});
