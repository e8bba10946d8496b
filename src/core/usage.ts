import type { UnixMs } from "./run.ts";

/** Quotas are of so many days, up to now. */
export const QUOTA_DAYS = 30;

const DAY_MS = 86_400_000;

/** What users of a pool have had of its GPUs over the last days. */
export interface Usage {
  /** A run of the user's has held so many GPUs, for so many seconds each, all told, and ended at that time. */
  add(user: string, gpuSeconds: number, endedAt: UnixMs): void;
  /** In GPU hours. */
  of(user: string, now: UnixMs): number;
}

export function openUsage(): Usage {
  /** By user, then by the day on which runs ended. */
  const users = new Map<string, Map<number, number>>();
  return {
    add(user, gpuSeconds, endedAt) {
      const days = users.get(user) ?? new Map<number, number>();
      users.set(user, days);
      const day = Math.floor(endedAt / DAY_MS);
      days.set(day, (days.get(day) ?? 0) + gpuSeconds);
    },
    of(user, now) {
      const days = users.get(user) ?? new Map<number, number>();
      const first = Math.floor(now / DAY_MS) - QUOTA_DAYS;
      let seconds = 0;
      for (const [day, gpuSeconds] of days) {
        if (day <= first) days.delete(day);
        else seconds += gpuSeconds;
      }
      return seconds / 3600;
    },
  };
}
