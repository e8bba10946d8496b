import { keepPreviousData, useQueries } from "@tanstack/react-query";
import { useRef } from "react";

/** A stretch of a long list, as the yard answers it. */
export interface Page<Row> {
  rows: Row[];
  /** How many there are in all. */
  total: number;
}

/** A list of any length, of which only what is looked at is asked for. */
export interface Rows<Row> {
  /** Null: not known yet. */
  total: number | null;
  /** Null: not there yet. */
  at(position: number): Row | null;
  /** All that are there now. */
  loaded(): Row[];
  /** What went wrong with what is looked at; null: nothing. */
  error: unknown;
  /** What is shown is of the question before: the answer is on its way. */
  isStale: boolean;
}

/** Rows that are asked for at once. */
export const PAGE = 100;

/** What comes so many rows further is asked for already, so that whoever scrolls finds it there. */
const AHEAD = 50;

/**
 * @param key  what the list is about, then what was asked; see cache.ts
 * @param first  the first position on screen
 * @param last  the last one
 */
export function useRows<Row>(
  key: readonly unknown[],
  load: (from: number, limit: number, signal: AbortSignal) => Promise<Page<Row>>,
  first: number,
  last: number,
): Rows<Row> {
  const known = useRef<{ total: number | null; pages: ReadonlyMap<number, Row[]> }>({ total: null, pages: new Map() });
  const end = Math.min(Math.max(first, last) + AHEAD, Math.max(last, (known.current.total ?? 0) - 1));
  const numbers = range(Math.floor(Math.max(0, first - AHEAD) / PAGE), Math.floor(end / PAGE));
  const pages = useQueries({
    queries: numbers.map((number) => ({
      queryKey: [...key, "rows", number],
      queryFn: ({ signal }: { signal: AbortSignal }) => load(number * PAGE, PAGE, signal),
      placeholderData: keepPreviousData,
      gcTime: 30_000,
    })),
  });
  const loaded = new Map<number, Row[]>();
  let total: number | null = null;
  for (const [i, page] of pages.entries()) {
    if (!page.data) continue;
    loaded.set(numbers[i] ?? 0, page.data.rows);
    total = page.data.total;
  }
  const isStale = pages.some((page) => page.isPlaceholderData);
  // While the first answer to another question is on its way, what was there stays, so that nothing flickers.
  if (total !== null) known.current = { total, pages: loaded };
  const shown = known.current;
  return {
    total: shown.total,
    at: (position) => shown.pages.get(Math.floor(position / PAGE))?.[position % PAGE] ?? null,
    loaded: () => [...shown.pages.values()].flat(),
    error: pages.find((page) => page.error)?.error ?? null,
    isStale: isStale || (total === null && shown.total !== null),
  };
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
