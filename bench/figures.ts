/** The value below which `part` (0 to 1) of the values lie. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

export function printTitle(title: string): void {
  console.log(`\n${title}`);
}

/** Columns as wide as they need to be; the first one to the left, numbers to the right. */
export function printTable(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => (row[at] ?? "").length)));
  for (const row of [head, ...rows]) {
    console.log(
      row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  "),
    );
  }
}

/** A measured value beside what it may be at most. */
export interface Limit {
  what: string;
  value: number;
  atMost: number;
  unit: "ms" | "s" | "kB" | "MB" | "×" | "%" | "rows";
}

/** Prints each value with its limit and says whether all are kept. */
export function printLimits(limits: readonly Limit[]): boolean {
  const rows = limits.map(({ what, value, atMost, unit }) => [
    what,
    `${value.toFixed(unit === "s" || unit === "×" ? 2 : value < 10 ? 1 : 0)} ${unit}`,
    `${atMost} ${unit}`,
    value <= atMost ? "ok" : "MISSED",
  ]);
  printTable(["", "measured", "at most", ""], rows);
  return limits.every(({ value, atMost }) => value <= atMost);
}

export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}
