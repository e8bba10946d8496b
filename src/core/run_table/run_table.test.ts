import fc from "fast-check";
import { expect, test } from "vitest";
import { atOnce } from "../../../test/helpers/at_once.ts";
import { type Cell, type Column, cellOf, emptyColumn, setCell } from "./column.ts";
import type { Condition } from "./condition.ts";
import { describeColumn } from "./described.ts";
import { matching } from "./matching.ts";
import { sorted } from "./sorting.ts";
import { sampled, type Table } from "./table.ts";

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom("adam", "sgd", "Adam-W", "", "NaN", "Infinity", "-Infinity"),
  fc.constant(null),
);
const rows = fc.array(fc.record({ "params.x": cell, "params.y": cell }), { maxLength: 40 });
type Row = { "params.x": Cell; "params.y": Cell };

function tableOf(cells: readonly Row[]): Table {
  const columns = new Map<string, Column>();
  for (const name of ["params.x", "params.y"] as const) {
    const column = emptyColumn();
    for (const [row, values] of cells.entries()) {
      // What stood there before leaves nothing behind.
      setCell(column, cells.length, row, "before");
      setCell(column, cells.length, row, values[name]);
    }
    columns.set(name, column);
  }
  return { rows: cells.length, column: (name) => columns.get(name) ?? null, names: () => [...columns.keys()] };
}

const condition: fc.Arbitrary<Condition> = fc.record({
  column: fc.constantFrom("params.x", "params.y", "params.z", "search"),
  is: fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "~"),
  values: fc.array(fc.constantFrom("1", "0", "-2.0", "adam", "a", "", "NaN"), { minLength: 1, maxLength: 2 }),
});

/** One condition on one row, as people would say it. */
function holds(row: Row, { column, is, values }: Condition): boolean {
  if (column === "search") return Object.values(row).some((cell) => contains(cell, values));
  const cell = (row as Record<string, Cell>)[column] ?? null;
  const number = Number(values[0] === "" ? Number.NaN : values[0]);
  if (is === "=") return equalsAny(cell, values);
  if (is === "!=") return !equalsAny(cell, values);
  if (is === "~") return contains(cell, values);
  if (typeof cell !== "number") return false;
  return is === "<" ? cell < number : is === "<=" ? cell <= number : is === ">" ? cell > number : cell >= number;
}

function equalsAny(cell: Cell, values: readonly string[]): boolean {
  if (typeof cell === "number") return values.some((value) => value !== "" && Number(value) === cell);
  return values.includes(cell ?? "");
}

function contains(cell: Cell, values: readonly string[]): boolean {
  if (typeof cell === "number") return values.some((value) => value !== "" && Number(value) === cell);
  return cell !== null && values.some((value) => cell.toLowerCase().includes(value.toLowerCase()));
}

test("what is put into a column is read out of it, whatever stood there before", () => {
  fc.assert(
    fc.property(rows, (cells) => {
      const table = tableOf(cells);
      const read = cells.map((_, row) => {
        const column = table.column("params.x");
        return column && cellOf(column, row);
      });
      expect(read).toEqual(cells.map((row) => row["params.x"]));
    }),
  );
});

test("the runs that match are those of which each condition is true", () => {
  fc.assert(
    fc.property(rows, fc.array(condition, { maxLength: 3 }), (cells, conditions) => {
      const found = atOnce(matching(tableOf(cells), conditions));
      const expected = cells.flatMap((row, at) => (conditions.every((one) => holds(row, one)) ? [at] : []));
      expect([...found]).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("sorted, each run is there once: numbers, then words, then what has no value, equals in order", () => {
  fc.assert(
    fc.property(rows, fc.boolean(), (cells, descending) => {
      const all = Uint32Array.from(cells, (_, at) => at);
      const order = [...atOnce(sorted(tableOf(cells), all, { column: "params.x", descending }))];
      const rank = (cell: Cell) =>
        typeof cell === "number" ? 0 : cell === null || /^(NaN|-?Infinity)$/.test(cell) ? 2 : 1;
      const of = (at: number) => cells[at]?.["params.x"] ?? null;
      const expected = [...all].sort((a, b) => {
        const [x, y] = [of(a), of(b)];
        if (rank(x) !== rank(y)) return rank(x) - rank(y);
        const way = rank(x) === 2 || x === y ? 0 : (x ?? 0) < (y ?? 0) ? -1 : 1;
        return (descending ? -way : way) || a - b;
      });
      expect(order).toEqual(expected);
    }),
    { numRuns: 500 },
  );
});

test("a column is described by what stands in it", () => {
  fc.assert(
    fc.property(rows, (cells) => {
      const table = tableOf(cells);
      const column = table.column("params.y");
      const there = cells.map((row) => row["params.y"]).filter((cell) => cell !== null);
      const numbers = there.filter((cell) => typeof cell === "number");
      const texts = there.filter((cell) => typeof cell === "string" && !/^(NaN|-?Infinity)$/.test(cell));
      const kind =
        there.length === 0 ? "empty" : texts.length === 0 ? "number" : texts.length === there.length ? "text" : "mixed";
      if (column === null) throw new Error("the table lacks its column");
      expect(atOnce(describeColumn(column, table.rows))).toEqual({
        kind,
        least: numbers.length ? Math.min(...numbers) : null,
        most: numbers.length ? Math.max(...numbers) : null,
        distinct: new Set(there).size,
        present: there.length,
      });
    }),
  );
});

test("a sample is of the rows, in order, the same each time, and hides no value of a grid", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 500 }), (count, most) => {
      const rows = Uint32Array.from({ length: count }, (_, at) => 2 * at);
      const some = [...sampled(rows, most)];
      expect(some.length).toBe(Math.min(count, most));
      expect(some.every((row, at) => row % 2 === 0 && row < 2 * count && row > (some[at - 1] ?? -1))).toBe(true);
      expect([...sampled(rows, most)]).toEqual(some);
    }),
  );
  const grid = Uint32Array.from({ length: 100_000 }, (_, at) => at);
  for (const period of [2, 10, 50, 100]) {
    const values = new Set(Array.from(sampled(grid, 2000), (row) => row % period));
    expect(values.size, `values that come back after ${period}`).toBe(period);
  }
});
