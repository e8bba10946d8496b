import { z } from "zod";
import { tokenRoles } from "./steering.ts";
import { text } from "./text.ts";

/** What a login link carries behind its `#`, for one browser, once. */
export const newLoginSchema = z.object({
  code: z.string(),
  expiresAt: z.string(),
  /** Where browsers reach the yard, behind a proxy; null: where whoever asks has reached it. */
  url: z.string().nullable(),
});

export const newSessionSchema = z.strictObject({ code: text.min(1).max(200) });

/** Who a browser is to the yard. */
export const sessionSchema = z.object({
  user: z.string(),
  role: z.enum(tokenRoles),
  /** Null: it came with a token that does not expire. */
  expiresAt: z.string().nullable(),
  yard: z.string(),
  version: z.string(),
  /** The yard's clock: a browser's may be wrong. */
  now: z.string(),
});
export type Session = z.infer<typeof sessionSchema>;
