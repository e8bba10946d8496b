import { printable } from "../core/printable.ts";
import { write } from "./terminal.ts";

/** Writes a line of CSV to stdout: exactly these values, but to a terminal nothing that acts on it. */
export function writeCsvLine(cells: readonly unknown[]): Promise<void> {
  const shown = process.stdout.isTTY ? cells.map((cell) => (typeof cell === "string" ? printable(cell) : cell)) : cells;
  return write(process.stdout, `${csvLine(shown)}\n`);
}

/** One line of CSV (RFC 4180), without its end. */
export function csvLine(cells: readonly unknown[]): string {
  return cells.map(csvCell).join(",");
}

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
