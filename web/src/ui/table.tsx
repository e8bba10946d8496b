import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { memo, type ReactNode, useCallback, useEffect, useId, useMemo, useRef, useState } from "react";
import type { Rows } from "../yard/rows.ts";
import { Checkbox } from "./checkbox.tsx";
import { useShortcuts } from "./shortcuts.ts";
import { useWidth } from "./use_width.ts";

export interface Column<Row> {
  key: string;
  label: string;
  /** Its name in full, where the label is short. */
  hint?: string;
  /** At least so many pixels. */
  width: number;
  /** Its share of what is left over. Default 0. */
  grow?: number;
  align?: "right";
  /** It is left out where the table is narrower than this. Default 0: never. */
  from?: number;
  /** And where it is as wide as this, or wider. Default: never. */
  until?: number;
  /** What the list is sorted by for this column; absent: it cannot be. */
  sort?: string;
  cell(row: Row): ReactNode;
}

interface TableProps<Row> {
  /** What is listed, for those who do not see it. */
  label: string;
  columns: readonly Column<Row>[];
  rows: Rows<Row>;
  idOf(row: Row): string;
  /** Told which positions are on screen. */
  onRange(first: number, last: number): void;
  /** `-` in front: the other way round. */
  sort: string;
  onSort(sort: string): void;
  selected: ReadonlySet<string>;
  onSelect(rows: readonly Row[], isSelected: boolean): void;
  onOpen(row: Row): void;
  /** Told where a row was dragged: between which others. Absent: rows stay where they are. */
  onMove?: ((row: Row, above: Row | null, below: Row | null) => void) | undefined;
  /** Shown instead of rows where there are none. */
  empty: ReactNode;
  rowHeight?: number;
}

const HEADER_PX = 36;

/** A list of any length: only what is on screen is asked for and drawn. `j k` move, `x` selects, Enter opens. */
export function Table<Row>(props: TableProps<Row>) {
  const { label, rows, idOf, onRange, sort, onSort, selected, onSelect, onOpen, onMove, empty, rowHeight = 44 } = props;
  const name = useId();
  const scroller = useRef<HTMLDivElement>(null);
  const width = useWidth(scroller);
  const columns = useMemo(() => props.columns.filter((column) => isShown(column, width)), [props.columns, width]);
  const template = ["40px", ...columns.map(({ width: least, grow = 0 }) => `minmax(${least}px, ${grow}fr)`)].join(" ");
  const total = rows.total ?? 0;
  const [cursor, setCursor] = useState<number | null>(null);
  const virtual = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollMargin: HEADER_PX,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => onRange(first, last), [onRange, first, last]);

  function move(to: number): void {
    if (total === 0) return;
    const position = Math.max(0, Math.min(total - 1, to));
    setCursor(position);
    // From wherever it was: Enter is to open the row.
    scroller.current?.focus({ preventScroll: true });
    virtual.scrollToIndex(position, { align: "auto" });
  }
  const at = cursor === null ? null : rows.at(cursor);
  /** Where one was last selected: with Shift, all from there on are. */
  const anchor = useRef<number | null>(null);
  function toggle(index: number, isRange: boolean): void {
    const row = rows.at(index);
    if (row === null) return;
    const isSelected = !selected.has(idOf(row));
    const [from, to] = [Math.min(anchor.current ?? index, index), Math.max(anchor.current ?? index, index)];
    const range = Array.from({ length: to - from + 1 }, (_, i) => rows.at(from + i)).filter((one) => one !== null);
    onSelect(isRange ? range : [row], isRange || isSelected);
    anchor.current = index;
  }
  const latestToggle = useRef(toggle);
  latestToggle.current = toggle;
  const onToggle = useCallback((index: number, isRange: boolean) => latestToggle.current(index, isRange), []);
  useShortcuts({
    j: () => move((cursor ?? -1) + 1),
    k: () => move((cursor ?? 1) - 1),
    ArrowDown: () => move((cursor ?? -1) + 1),
    ArrowUp: () => move((cursor ?? 1) - 1),
    Home: () => move(0),
    End: () => move(total - 1),
    x: () => cursor !== null && toggle(cursor, false),
    X: () => cursor !== null && toggle(cursor, true),
    Enter: () => at && onOpen(at),
  });

  const shown = items.flatMap(({ index }) => rows.at(index) ?? []);
  const areAllSelected = shown.length > 0 && shown.every((row) => selected.has(idOf(row)));
  const [dragged, setDragged] = useState<number | null>(null);
  /** The row is to be put before this position. */
  const [gap, setGap] = useState<number | null>(null);

  function drop(): void {
    const moved = dragged === null ? null : rows.at(dragged);
    if (moved && onMove && gap !== null && gap !== dragged && gap !== (dragged ?? 0) + 1)
      onMove(moved, gap === 0 ? null : rows.at(gap - 1), gap === total ? null : rows.at(gap));
    setDragged(null);
    setGap(null);
  }

  if (rows.total === 0)
    return <div className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface">{empty}</div>;
  return (
    // A grid that scrolls has to be reachable by keyboard.

    <div
      ref={scroller}
      role="grid"
      aria-label={label}
      aria-rowcount={total + 1}
      aria-multiselectable="true"
      aria-busy={rows.isStale}
      aria-activedescendant={cursor === null ? undefined : `${name}-${cursor}`}
      tabIndex={0}
      className="relative min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface contain-strict"
    >
      <div className="min-w-fit">
        <div
          role="row"
          aria-rowindex={1}
          tabIndex={-1}
          className="sticky top-0 z-10 grid items-center border-b border-line bg-surface text-xs font-medium text-muted"
          style={{ gridTemplateColumns: template, height: HEADER_PX }}
        >
          <div role="columnheader" tabIndex={-1} className="flex justify-center">
            <Checkbox
              label={areAllSelected ? "Select none of those on screen" : "Select all on screen"}
              checked={areAllSelected}
              onChange={(isChecked) => onSelect(shown, isChecked)}
            />
          </div>
          {columns.map((column) => (
            <Header key={column.key} column={column} sort={sort} onSort={onSort} />
          ))}
        </div>
        <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const row = rows.at(index);
            const id = row === null ? null : idOf(row);
            const isSelected = id !== null && selected.has(id);
            return (
              <div
                key={index}
                id={`${name}-${index}`}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={isSelected}
                tabIndex={-1}
                data-cursor={index === cursor || undefined}
                className="absolute inset-x-0 grid items-center border-b border-line hover:bg-sunken aria-selected:bg-accent-soft data-cursor:shadow-[inset_3px_0_0_var(--accent)]"
                style={{ gridTemplateColumns: template, height: rowHeight, top: start - HEADER_PX }}
                onClick={(event) => {
                  setCursor(index);
                  if (row !== null && isPlain(event)) onOpen(row);
                }}
                onKeyDown={() => undefined}
                draggable={onMove !== undefined && row !== null}
                onDragStart={(event) => {
                  event.dataTransfer.effectAllowed = "move";
                  event.dataTransfer.setData("text/plain", id ?? "");
                  setDragged(index);
                }}
                onDragOver={(event) => {
                  if (dragged === null) return;
                  event.preventDefault();
                  const { top } = event.currentTarget.getBoundingClientRect();
                  setGap(event.clientY < top + rowHeight / 2 ? index : index + 1);
                }}
                onDrop={drop}
                onDragEnd={() => {
                  setDragged(null);
                  setGap(null);
                }}
              >
                <Cells index={index} row={row} id={id} columns={columns} isSelected={isSelected} onToggle={onToggle} />
              </div>
            );
          })}
          {gap !== null && (
            <div
              aria-hidden="true"
              className="pointer-events-none absolute inset-x-0 z-10 h-0.5 -translate-y-px bg-accent"
              style={{ top: gap * rowHeight }}
            />
          )}
        </div>
      </div>
    </div>
  );
}

/** Before the width is known, which is then 0, as on a wide screen. */
function isShown<Row>({ from = 0, until = Number.POSITIVE_INFINITY }: Column<Row>, width: number): boolean {
  return width === 0 ? until === Number.POSITIVE_INFINITY : width >= from && width < until;
}

interface CellsProps<Row> {
  index: number;
  row: Row | null;
  id: string | null;
  columns: readonly Column<Row>[];
  isSelected: boolean;
  onToggle(index: number, isRange: boolean): void;
}

/** Drawn anew only when the row itself is another one: scrolling draws just the rows that come. */
const Cells = memo(function Cells<Row>({ index, row, id, columns, isSelected, onToggle }: CellsProps<Row>) {
  return (
    <>
      <div role="gridcell" tabIndex={-1} className="flex justify-center">
        {row !== null && (
          <Checkbox label={`Select ${id}`} checked={isSelected} onChange={(_, isRange) => onToggle(index, isRange)} />
        )}
      </div>
      {columns.map((column) => (
        <div
          key={column.key}
          role="gridcell"
          tabIndex={-1}
          className={`min-w-0 truncate px-2 ${column.align === "right" ? "text-right" : ""}`}
        >
          {row === null ? <Skeleton /> : column.cell(row)}
        </div>
      ))}
    </>
  );
}) as <Row>(props: CellsProps<Row>) => ReactNode;

function Header<Row>({ column, sort, onSort }: { column: Column<Row>; sort: string; onSort(sort: string): void }) {
  const { label, hint, align, sort: key } = column;
  const direction = key === undefined ? null : sort === key ? "ascending" : sort === `-${key}` ? "descending" : null;
  const place = `flex min-w-0 items-center gap-1 px-2 ${align === "right" ? "justify-end" : ""}`;
  return (
    <div role="columnheader" tabIndex={-1} aria-sort={direction ?? undefined} className={place}>
      {key === undefined ? (
        <span className="truncate">{label}</span>
      ) : (
        <button
          type="button"
          title={hint}
          className="flex min-w-0 items-center gap-1 rounded-sm hover:text-ink"
          onClick={() =>
            onSort(direction === "descending" ? key : direction === "ascending" ? `-${key}` : firstSort(key))
          }
        >
          <span className="truncate">{label}</span>
          {direction === "ascending" && <ArrowUp className="size-3" aria-hidden="true" />}
          {direction === "descending" && <ArrowDown className="size-3" aria-hidden="true" />}
        </button>
      )}
    </div>
  );
}

/** Words begin with A; of numbers and times the largest, the latest is looked for. */
function firstSort(key: string): string {
  return ["name", "user", "pool", "status"].includes(key) ? key : `-${key}`;
}

function Skeleton() {
  return <span aria-hidden="true" className="block h-3 w-3/4 rounded bg-sunken" />;
}

/** A click on the row itself, which selects no text and presses nothing in it. */
function isPlain(event: React.MouseEvent): boolean {
  const isElsewhere =
    event.target instanceof Element && event.target.closest("a, button, input, label, [data-no-open]") !== null;
  return !isElsewhere && !event.shiftKey && !event.metaKey && !event.ctrlKey && getSelection()?.type !== "Range";
}
