import { z } from "zod";
import { text } from "./text.ts";

/** A whole number as a path or a query spells it, in digits alone: neither nothing nor `1e3` is taken for one. */
export function whole(least: number, most = Number.MAX_SAFE_INTEGER) {
  const number = z.number("expected a whole number").int().min(least).max(most);
  return z
    .preprocess((value) => (typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value), number)
    .meta({ type: "integer", minimum: least, maximum: most });
}

export const flag = z.enum(["true", "false"]).transform((word) => word === "true");

/** Some words of a list, separated by commas. */
export function someOf<Word extends string>(known: readonly Word[]) {
  const word = `(?:${known.join("|")})`;
  return z
    .string()
    .regex(new RegExp(`^${word}(?:,${word})*$`), `it takes some of ${known.join(",")}, separated by commas`)
    .transform((list) => list.split(",") as Word[]);
}

/**
 * What every list takes beside its own filters: its order, a key or `-key` for the other way round, the size of a page,
 * and with `after` the page that follows: the `next` of the one before, under the same order.
 */
export function listing<Key extends string>(
  keys: readonly [Key, ...Key[]],
  usual: NoInfer<Key | `-${Key}`>,
  sizes = { most: 1000, usual: 100 },
) {
  const sorts = keys.flatMap((key) => [key, `-${key}`] as const);
  const sort: z.ZodType<Key | `-${Key}`, Key | `-${Key}`> = z.literal(sorts);
  return {
    sort: sort.prefault(usual).describe("`-` in front: the other way round. What has no such value comes last."),
    after,
    limit: whole(1, sizes.most).default(sizes.usual),
  };
}

export const after = text.min(1).max(4000).optional().describe("The `next` of the page before.");

/** Where the following page begins; null: this was the last one. */
export const next = z.string().nullable();
