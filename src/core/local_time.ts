import { formatDuration } from "./quantity.ts";

/** An instant in the reader's zone: `14:03:22` today, else `2026-11-20 14:03`. */
export function localTime(iso: string, now: number): string {
  const [day = "", clock = ""] = wholeTime(iso).split(" ");
  const isToday = new Date(now).toDateString() === new Date(iso).toDateString();
  return isToday ? clock : `${day} ${clock.slice(0, 5)}`;
}

/** Day and second in the reader's zone: `2026-01-31 09:05:00`. */
export function wholeTime(iso: string): string {
  const at = new Date(iso);
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":")}`;
}

/** How long ago an instant was: `42s`, `3h05m`. */
export function age(iso: string, now: number): string {
  return formatDuration(Math.max(0, Math.round((now - Date.parse(iso)) / 1000) * 1000)).replace(/^0ms$/, "0s");
}

/** How long a run took, or takes so far; empty where it has not started. */
export function runtime(run: { startedAt: string | null; endedAt: string | null }, now: number): string {
  if (run.startedAt === null) return "";
  const end = run.endedAt === null ? now : Date.parse(run.endedAt);
  const ms = Math.max(0, end - Date.parse(run.startedAt));
  return ms >= 1000 && ms < 10_000 ? `${(ms / 1000).toFixed(1)}s` : formatDuration(ms);
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
