import type { NoticeSort } from "./notice_target.ts";

const sortWords: Record<NoticeSort, string> = {
  ended: "jobs that end",
  failed: "jobs that fail",
  help: "what needs help",
};

/** What a target is told of, after "told of". */
export function describeSorts(sorts: readonly NoticeSort[]): string {
  return sorts.length === 0 ? "jobs with --notify" : sorts.map((sort) => sortWords[sort]).join(", ");
}
