import type { NoticeTarget } from "./notice_target.ts";
import type { UnixMs } from "./run.ts";

const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 60 * 60_000;
/** For how long a notice is tried to be told. */
export const PATIENCE_MS = 24 * 60 * 60_000;

/** When it is tried again, after `tries` failures; null: it has been tried for long enough. */
export function nextTryAt(tries: number, createdAt: UnixMs, now: UnixMs): UnixMs | null {
  if (now - createdAt >= PATIENCE_MS) return null;
  return now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(30, Math.max(0, tries - 1)));
}

/** Between two messages to the same address, in ms: what ends meanwhile goes into one. */
export const restMs: Record<NoticeTarget["kind"], number> = {
  email: 30_000,
  // Slack takes one a second.
  slack: 2000,
  webhook: 0,
  command: 0,
};

/** Whether several notices go there in one message: to people, not to programs. */
export const isGathered: Record<NoticeTarget["kind"], boolean> = {
  email: true,
  slack: true,
  webhook: false,
  command: false,
};
