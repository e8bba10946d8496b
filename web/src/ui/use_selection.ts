import { useMemo, useState } from "react";
import type { Rows } from "../yard/rows.ts";

/** The rows of a list that its user has selected, on screen or not. */
export interface Selection<Row> {
  ids: ReadonlySet<string>;
  /** Each as it is now, as far as it is loaded, and otherwise as it was last. */
  rows: readonly Row[];
  select(rows: readonly Row[], isSelected: boolean): void;
  clear(): void;
}

export function useSelection<Row>(list: Rows<Row>, idOf: (row: Row) => string): Selection<Row> {
  const [picked, setPicked] = useState<ReadonlyMap<string, Row>>(new Map());
  const ids = useMemo(() => new Set(picked.keys()), [picked]);
  const latest = new Map(picked.size === 0 ? [] : list.loaded().map((row) => [idOf(row), row]));
  return {
    ids,
    rows: [...picked].map(([id, row]) => latest.get(id) ?? row),
    select(rows, isSelected) {
      const next = new Map(picked);
      for (const row of rows) {
        if (isSelected) next.set(idOf(row), row);
        else next.delete(idOf(row));
      }
      setPicked(next);
    },
    clear: () => setPicked(new Map()),
  };
}
