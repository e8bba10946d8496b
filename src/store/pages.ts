import { type RawBuilder, type SqlBool, sql } from "kysely";
import type { Page, SortValue, ValueKind } from "../core/page.ts";

/** What a list can be sorted by: the value as the database has it, and as it stands in a row that was read. */
export interface SortColumn<Row> {
  by: RawBuilder<unknown>;
  of: (row: Row) => SortValue;
  kind: ValueKind;
  isAlwaysThere: boolean;
}

/** How a query shows one page: a condition for what lies behind the page before, and an order. */
export function paged<Key extends string, Row>(
  { key, descending, after }: Page<Key>,
  columns: Record<Key, SortColumn<Row>>,
  id: RawBuilder<unknown>,
): { behind: RawBuilder<SqlBool>; order: RawBuilder<unknown> } {
  const { by, isAlwaysThere } = columns[key];
  const further = sql.raw(descending ? "<" : ">");
  const direction = sql.raw(descending ? "desc" : "asc");
  if (by === id) {
    return { behind: after ? sql`${id} ${further} ${after.id}` : always, order: sql`${id} ${direction}` };
  }
  const order = isAlwaysThere ? sql`${by} ${direction}, ${id}` : sql`(${by} is null), ${by} ${direction}, ${id}`;
  return { behind: after ? behindMark(after.value, after.id) : always, order };

  function behindMark(value: SortValue, last: number): RawBuilder<SqlBool> {
    if (value === null) return sql`(${by} is null and ${id} > ${last})`;
    // In two steps, so that an index is entered at the value.
    const behind = sql<SqlBool>`(${by} ${further}= ${value} and (${by} ${further} ${value} or ${id} > ${last}))`;
    return isAlwaysThere ? behind : sql`(${behind} or ${by} is null)`;
  }
}

const always = sql<SqlBool>`1 = 1`;
