import { cutTo, padTo, textWidth } from "./text_width.ts";

export interface Column {
  title: string;
  /** Default: left. */
  align?: "left" | "right";
  /** May be cut with `…` where the table is too wide. Default: no. */
  cuttable?: boolean;
  /** May be left out, the last one first, where cutting is not enough. Default: no. */
  optional?: boolean;
}

/** Already printable. `paint` adds colour to it after it was cut. */
export type Cell = string | { text: string; paint: (text: string) => string };

const GAP = "  ";
/** To this many columns cells are cut; to the other one where leaving columns out was not enough either. */
const NARROW = 16;
const NARROWEST = 3;

/**
 * The lines of a table. `width`: columns of the terminal; null: as wide as it takes.
 * Columns that did not fit are counted in `hidden`.
 */
export function layTable(columns: readonly Column[], rows: readonly (readonly Cell[])[], width: number | null) {
  const natural = columns.map((column, i) =>
    rows.reduce((widest, row) => Math.max(widest, textWidth(textOf(row[i] ?? ""))), textWidth(column.title)),
  );
  const shown = columns.map((_, i) => i);
  let widths = narrow(columns, natural, shown, width, NARROW);
  while (width !== null && total(widths, shown) > width) {
    const last = shown.findLastIndex((i) => columns[i]?.optional);
    if (last === -1) break;
    shown.splice(last, 1);
    widths = narrow(columns, natural, shown, width, NARROW);
  }
  if (width !== null && total(widths, shown) > width) widths = narrow(columns, natural, shown, width, NARROWEST);
  const line = (cells: readonly Cell[]) =>
    shown
      .map((i, at) => {
        const cell = cells[i] ?? "";
        const cut = cutTo(textOf(cell), widths[i] ?? 0);
        const align = columns[i]?.align ?? "left";
        const isLast = at === shown.length - 1 && align === "left";
        const padding = padTo(cut, isLast ? 0 : (widths[i] ?? 0), align);
        return typeof cell === "string" || cut === "" ? padding : padding.replace(cut, () => cell.paint(cut));
      })
      .join(GAP)
      .trimEnd();
  return {
    head: line(columns.map(({ title }) => title)),
    body: rows.map(line),
    hidden: columns.length - shown.length,
  };
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function total(widths: readonly number[], shown: readonly number[]): number {
  return shown.reduce((sum, i) => sum + (widths[i] ?? 0), 0) + GAP.length * (shown.length - 1);
}

/** Takes from the widest column that may be cut, until the table fits or none is left to cut. */
function narrow(
  columns: readonly Column[],
  natural: readonly number[],
  shown: readonly number[],
  width: number | null,
  narrowest: number,
): number[] {
  const widths = [...natural];
  if (width === null) return widths;
  for (let excess = total(widths, shown) - width; excess > 0; ) {
    const cuttable = shown.filter((i) => columns[i]?.cuttable && (widths[i] ?? 0) > narrowest);
    const sorted = cuttable.map((i) => widths[i] ?? 0).sort((a, b) => b - a);
    const [widest, second = narrowest] = sorted;
    const at = cuttable.find((i) => widths[i] === widest);
    if (widest === undefined || at === undefined) break;
    const take = Math.min(excess, Math.max(1, widest - second));
    widths[at] = Math.max(narrowest, widest - take);
    excess -= widest - (widths[at] ?? 0);
  }
  return widths;
}
