import { type Column, cutWord } from "./column.ts";
import { type Condition, isNumber, SEARCH, valueNumber } from "./condition.ts";
import { SLICE, type Sliced, type Table } from "./table.ts";

type Holds = (row: number) => boolean;

/** The rows for which all conditions hold, upwards. */
export function* matching(table: Table, conditions: readonly Condition[]): Sliced<Uint32Array> {
  const tests: Holds[] = [];
  for (const condition of conditions) tests.push(yield* testOf(table, condition));
  const found = new Uint32Array(table.rows);
  let count = 0;
  for (let row = 0; row < table.rows; row += 1) {
    if (row % SLICE === SLICE - 1) yield;
    if (tests.every((holds) => holds(row))) found[count++] = row;
  }
  return found.slice(0, count);
}

function* testOf(table: Table, { column: name, is, values }: Condition): Sliced<Holds> {
  if (name === SEARCH) {
    const tests: Holds[] = [];
    for (const one of table.names()) {
      const column = table.column(one);
      if (column) tests.push(yield* hasAny(column, one, values, true));
    }
    return (row) => tests.some((holds) => holds(row));
  }
  const column = table.column(name);
  switch (is) {
    case "=":
      return column ? yield* hasAny(column, name, values, false) : () => values.includes("");
    case "!=": {
      const has = column ? yield* hasAny(column, name, values, false) : () => values.includes("");
      return (row) => !has(row);
    }
    case "~":
      return column ? yield* hasAny(column, name, values, true) : () => false;
    case "<":
    case "<=":
    case ">":
    case ">=": {
      const numbers = column?.numbers;
      const bound = valueNumber(name, values[0] ?? "") ?? Number.NaN;
      if (!numbers) return () => false;
      // NaN, of an empty cell, compares as false.
      if (is === "<") return (row) => (numbers[row] ?? Number.NaN) < bound;
      if (is === "<=") return (row) => (numbers[row] ?? Number.NaN) <= bound;
      if (is === ">") return (row) => (numbers[row] ?? Number.NaN) > bound;
      return (row) => (numbers[row] ?? Number.NaN) >= bound;
    }
  }
}

/** Whether the cell is one of the values, or, where they are parts, contains one. Numbers are compared as such either way. */
function* hasAny(column: Column, name: string, values: readonly string[], areParts: boolean): Sliced<Holds> {
  const { numbers, codes, words } = column;
  const texts = values.map((value) => (areParts ? value.toLowerCase() : cutWord(value)));
  const wanted = new Set(
    values.flatMap((value) => (areParts && !isNumber(value) ? [] : (valueNumber(name, value) ?? []))),
  );
  const hits = new Uint8Array(words.length + 1);
  for (const [at, word] of words.entries()) {
    if (at % SLICE === SLICE - 1) yield;
    const isHit = areParts ? texts.some((text) => word.toLowerCase().includes(text)) : texts.includes(word);
    if (isHit) hits[at + 1] = 1;
  }
  const isEmptyWanted = !areParts && values.includes("");
  return (row) => {
    const number = numbers?.[row] ?? Number.NaN;
    if (!Number.isNaN(number)) return wanted.has(number);
    const code = codes?.[row] ?? 0;
    return code === 0 ? isEmptyWanted : hits[code] === 1;
  };
}
