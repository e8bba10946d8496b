import type { NoticeSort, NoticeTarget } from "./notice_target.ts";

/** What each way of telling is called. */
export const kindWords: Record<NoticeTarget["kind"], string> = {
  email: "E-mail",
  slack: "Slack",
  webhook: "Webhook",
  command: "Command",
};

const sortWords: Record<NoticeSort, string> = {
  ended: "jobs that end",
  failed: "jobs that fail",
  help: "what needs help",
};

/** What a target is told of, after "told of". */
export function describeSorts(sorts: readonly NoticeSort[]): string {
  return sorts.length === 0 ? "jobs that ask for it" : sorts.map((sort) => sortWords[sort]).join(" and ");
}
