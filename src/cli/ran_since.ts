/** Whether a run or a try that has begun still ran at `since` (epoch ms) or later. */
export function ranSince({ endedAt }: { endedAt: string | null }, since: number): boolean {
  return endedAt === null || Date.parse(endedAt) >= since;
}
