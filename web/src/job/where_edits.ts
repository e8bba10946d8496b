import { type Condition, formatWhere, isWhereProblem, parseWhere } from "../../../src/core/run_table/condition.ts";

/** The conditions of a text; none where it cannot be read. */
function conditionsOf(where: string): Condition[] {
  const parsed = parseWhere(where);
  return isWhereProblem(parsed) ? [] : parsed;
}

/** With these conditions on the column, and no others. */
export function withConditions(
  where: string,
  column: string,
  conditions: readonly Omit<Condition, "column">[],
): string {
  const others = conditionsOf(where).filter((one) => one.column !== column);
  return formatWhere([...others, ...conditions.map((one) => ({ column, ...one }))]);
}

/** Numbers from `least` to `most`, as short as they may be written to say so; null: any. */
export function withRange(where: string, column: string, range: readonly [least: number, most: number] | null): string {
  if (range === null) return withConditions(where, column, []);
  const [least, most] = range;
  return withConditions(where, column, [
    { is: ">=", values: [shortest(least)] },
    { is: "<=", values: [shortest(most)] },
  ]);
}

/** One of these values; null: any. */
export function withValues(where: string, column: string, values: readonly string[] | null): string {
  return withConditions(where, column, values === null ? [] : [{ is: "=", values: [...values] }]);
}

/** The range that the conditions leave to a column's numbers; null: all. */
export function rangeOf(where: string, column: string): [least: number, most: number] | null {
  let [least, most] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const { column: name, is, values } of conditionsOf(where)) {
    const value = Number(values[0]);
    if (name !== column || Number.isNaN(value)) continue;
    if (is === ">=" || is === ">") least = Math.max(least, value);
    if (is === "<=" || is === "<") most = Math.min(most, value);
  }
  return least === Number.NEGATIVE_INFINITY && most === Number.POSITIVE_INFINITY ? null : [least, most];
}

/** The words that the conditions leave to a column; null: all. */
export function valuesOf(where: string, column: string): string[] | null {
  const said = conditionsOf(where).find((one) => one.column === column && one.is === "=");
  return said ? said.values : null;
}

/** A border that was drawn by hand means no more than four digits. */
function shortest(value: number): string {
  return String(Number(value.toPrecision(4)));
}
