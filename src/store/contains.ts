import { type RawBuilder, type SqlBool, sql } from "kysely";

/** Not LIKE: its wildcards are ordinary characters here, and its case means other things to the other database. */
export function contains(column: RawBuilder<unknown>, part: RawBuilder<unknown> | string): RawBuilder<SqlBool> {
  return sql<SqlBool>`replace(${column}, ${part}, '') <> ${column}`;
}
