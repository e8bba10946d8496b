import { z } from "zod";
import { noticeEvents } from "../core/notice.ts";
import { smtpTls } from "../core/notice_settings.ts";
import {
  isCommandName,
  isMailAddress,
  isNoTarget,
  noticeSorts,
  parseTarget,
  parseWish,
} from "../core/notice_target.ts";
import { isAllowance } from "../core/public_address.ts";
import { flag, listing, next, someOf, whole } from "./query.ts";
import { name, text } from "./text.ts";

const longest = 3000;

/** `email:ADDRESS`, `webhook:URL`, `slack:URL` or `command:NAME`. */
const targetText = text.max(longest).transform((written, context) => {
  const target = parseTarget(written);
  if (!isNoTarget(target)) return target;
  context.addIssue({ code: "custom", message: target.misread });
  return z.NEVER;
});

/** A target, or `me`: the user's own; `failed=` in front: only of a failure. */
export const wishSchema = text.max(longest).transform((written, context) => {
  const wish = parseWish(written);
  if (!isNoTarget(wish)) return wish;
  context.addIssue({ code: "custom", message: wish.misread });
  return z.NEVER;
});

/** Where the one who asks is told of things. */
const noticeTargetSchema = z.object({
  id: z.number(),
  /** Of a web address only whose it is: the rest may be a secret. */
  target: z.string(),
  /** What it is told unasked; nothing: only of jobs that were submitted with `--notify`. */
  on: z.array(z.enum(noticeSorts)),
  createdAt: z.string(),
});
export type NoticeTargetShown = z.infer<typeof noticeTargetSchema>;

const noticeStates = ["waiting", "told", "given_up"] as const;
const noticeSchema = z.object({
  id: z.number(),
  event: z.enum(noticeEvents),
  subject: z.string(),
  /** Null: it is of no job. */
  job: z.number().nullable(),
  user: z.string(),
  target: z.string(),
  state: z.enum(noticeStates),
  tries: z.number(),
  /** Why the last try failed; null: none has, or it has been told since. */
  problem: z.string().nullable(),
  createdAt: z.string(),
  /** When it is tried next; null: no more. */
  nextTryAt: z.string().nullable(),
  toldAt: z.string().nullable(),
});
export type NoticeShown = z.infer<typeof noticeSchema>;

const argument = text.min(1).max(4096);
const commandSchema = z
  .array(argument)
  .min(1)
  .max(100)
  .refine(([program = ""]) => program.startsWith("/"), {
    message: "the program must be a whole path, from / on",
  });
const commandNameSchema = name.refine(isCommandName, "must be of letters, digits and . _ -");
const smtpSchema = z.strictObject({
  host: z.string().regex(/^[^\s/@\p{Cc}]{1,253}$/u, "must be a host's name or address"),
  port: z.number().int().min(1).max(65_535),
  tls: z.enum(smtpTls),
  user: text.min(1).max(500).nullable().default(null),
  /** Absent: the one that was set before for the same server and user. */
  password: text.min(1).max(2000).nullable().optional(),
  from: z.string().refine(isMailAddress, "must be one plain address: runyard@example.org"),
});

/** What is absent stays as it is. */
const noticeSettingsChangesSchema = z.strictObject({
  /** Null: no mail is sent. */
  smtp: smtpSchema.nullable().optional(),
  /** By their names; null takes one away. */
  commands: z.record(commandNameSchema, commandSchema.nullable()).optional(),
  /** Addresses, blocks of them and host names that are allowed from now on, although they are not public. */
  allow: z
    .array(text.refine(isAllowance, "must be an address, a block (10.0.0.0/8) or a host's name"))
    .max(1000)
    .optional(),
  disallow: z.array(text).max(1000).optional(),
  helpAfterMs: z
    .number()
    .int()
    .min(1000)
    .max(30 * 24 * 60 * 60_000)
    .optional(),
});
export type NoticeSettingsChanges = z.input<typeof noticeSettingsChangesSchema>;

const noticeSettingsSchema = z.object({
  settings: z.object({
    smtp: smtpSchema.omit({ password: true }).extend({ hasPassword: z.boolean() }).nullable(),
    commands: z.record(z.string(), z.array(z.string())),
    allow: z.array(z.string()),
    helpAfterMs: z.number(),
  }),
});
export type NoticeSettingsShown = z.infer<typeof noticeSettingsSchema>["settings"];

/** Something that needs somebody's help, as long as it is not over. */
const troubleSchema = z.object({
  /** The same as long as it lasts. */
  key: z.string(),
  /** What is wrong. */
  what: z.string(),
  /** What to do. */
  advice: z.string(),
  since: z.string(),
  /** Whether the one who asks is told of it: an administrator, or whose pool it is. */
  mine: z.boolean(),
});

const nothing = z.strictObject({});
const ofTarget = z.object({ target: whole(1) });
const sorts = z.array(z.enum(noticeSorts)).max(noticeSorts.length);

/** The doors to being told of things. */
export const noticeDoors = {
  listNoticeTargets: {
    params: nothing,
    query: z.strictObject(listing(["createdAt", "target"], "createdAt")),
    body: null,
    answer: z.object({
      targets: z.array(noticeTargetSchema),
      next,
      /** What this yard can do: send mail, and execute these commands. */
      can: z.object({ email: z.boolean(), commands: z.array(z.string()) }),
    }),
  },
  addNoticeTarget: {
    params: nothing,
    query: nothing,
    /** Of a target that is there already, `on` is changed. */
    body: z.strictObject({ target: targetText, on: sorts.default(["ended", "help"]) }),
    answer: z.object({ target: noticeTargetSchema }),
  },
  removeNoticeTarget: {
    params: ofTarget,
    query: nothing,
    body: null,
    answer: z.object({ target: noticeTargetSchema }),
  },
  /** Sends a notice there once, and answers what came of it. `target`: written, or the number of one's own. */
  testNotice: {
    params: nothing,
    query: nothing,
    body: z.strictObject({ target: z.union([whole(1), targetText]) }),
    answer: z.object({ notice: noticeSchema }),
  },
  listNotices: {
    params: nothing,
    query: z.strictObject({
      ...listing(["id"], "-id"),
      job: whole(1).optional(),
      state: someOf(noticeStates).optional(),
    }),
    body: null,
    answer: z.object({ notices: z.array(noticeSchema), next }),
  },
  listTroubles: {
    params: nothing,
    query: z.strictObject({
      ...listing(["since"], "-since"),
      mine: flag.optional().describe("Those that the one who asks is told of, or only the others."),
    }),
    body: null,
    answer: z.object({ troubles: z.array(troubleSchema), next }),
  },
  noticeSecret: {
    params: nothing,
    query: nothing,
    body: null,
    /** By which receivers of the user's webhooks know that the yard has sent them. */
    answer: z.object({ secret: z.string() }),
  },
  showNoticeSettings: { params: nothing, query: nothing, body: null, answer: noticeSettingsSchema },
  setNoticeSettings: {
    params: nothing,
    query: nothing,
    body: noticeSettingsChangesSchema,
    answer: noticeSettingsSchema,
  },
} as const;
