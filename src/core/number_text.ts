import { printable } from "./printable.ts";

/** A value of a metric, result or parameter for people: numbers to six significant digits, text made printable. */
export function valueText(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (value === null || value === undefined) return "";
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

/** `loss=0.31 accuracy=0.9`. */
export function valuesText(values: Record<string, unknown>): string {
  return Object.entries(values)
    .map(([name, value]) => `${printable(name)}=${valueText(value)}`)
    .join(" ");
}

/** `1 run`, `6 runs`, `12,000 runs`. */
export function counted(count: number, word: string): string {
  return `${grouped(count)} ${word}${count === 1 ? "" : "s"}`;
}

export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A bar of `width` columns, filled to `share` (0 to 1). */
export function bar(share: number, width: number): string {
  const filled = Math.min(width, Math.max(0, Math.floor(share * width + 1e-9)));
  return "█".repeat(filled) + "░".repeat(width - filled);
}
