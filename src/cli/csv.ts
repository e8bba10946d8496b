import { csvLine } from "../core/csv.ts";
import { printable } from "../core/printable.ts";
import { write } from "./terminal.ts";

/** Writes a line of CSV to stdout: exactly these values, but to a terminal nothing that acts on it. */
export function writeCsvLine(cells: readonly unknown[]): Promise<void> {
  const shown = process.stdout.isTTY ? cells.map((cell) => (typeof cell === "string" ? printable(cell) : cell)) : cells;
  return write(process.stdout, `${csvLine(shown)}\n`);
}
