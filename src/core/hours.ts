import type { UnixMs } from "./run.ts";

/** The time of day in which runs may start on a machine, in minutes since midnight there; where `from` > `to` it crosses midnight. */
export interface Hours {
  from: number;
  /** The first minute outside; at most 24:00. */
  to: number;
}

const DAY = 24 * 60;

/** `20:00-08:00`, `9:30-24:00` → hours; null where the text is none, or says no time at all (`08:00-08:00`). */
export function parseHours(text: string): Hours | null {
  const match = /^(\d{1,2}):([0-5]\d)\s?-\s?(\d{1,2}):([0-5]\d)$/.exec(text.trim());
  if (!match) return null;
  const from = Number(match[1]) * 60 + Number(match[2]);
  const to = Number(match[3]) * 60 + Number(match[4]);
  return from < DAY && to <= DAY && from !== to ? { from, to } : null;
}

/** Whether a time of day, in minutes since midnight, is within them. */
export function isWithin({ from, to }: Hours, minuteOfDay: number): boolean {
  return from < to ? minuteOfDay >= from && minuteOfDay < to : minuteOfDay >= from || minuteOfDay < to;
}

/** `from 20:00 to 08:00`. */
export function describeHours({ from, to }: Hours): string {
  return `from ${clock(from)} to ${clock(to)}`;
}

function clock(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, "0")).join(":");
}

/** Local time, in minutes from midnight. */
export function minuteOfDay(at: UnixMs): number {
  const time = new Date(at);
  return time.getHours() * 60 + time.getMinutes();
}
