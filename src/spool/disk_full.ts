/** Whether a failure in writing a run's folder means that its disk, or its owner's share of it, is full. */
export function saysDiskFull(reason: string): boolean {
  return /no space left on device|disk quota exceeded|is the disk full/i.test(reason);
}
