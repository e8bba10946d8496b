/** What stands in a cell of a table of runs; null: nothing. NaN and the infinities are texts, as everywhere outside. */
export type Cell = number | string | null;

/** A column of a table of runs. A cell is a number, or one of the column's words, or empty. */
export interface Column {
  /** By row; NaN: the cell is no number. Null: none of them is. */
  numbers: Float64Array | null;
  /** By row, the place of its word counted from 1; 0: the cell is no text. Null: none of them is. */
  codes: Uint32Array | null;
  /** Different from each other. Some may stand in no cell any more. */
  words: string[];
  codeOf: Map<string, number>;
}

/** Of a longer text the table holds and compares only so much. */
const LONGEST_WORD = 200;

export function emptyColumn(): Column {
  return { numbers: null, codes: null, words: [], codeOf: new Map() };
}

/** @param rows  how many the column has: it takes no memory before something stands in it */
export function setCell(column: Column, rows: number, row: number, cell: Cell): void {
  const isNumber = typeof cell === "number" && Number.isFinite(cell);
  if (isNumber) column.numbers ??= new Float64Array(rows).fill(Number.NaN);
  if (column.numbers) column.numbers[row] = isNumber ? cell : Number.NaN;
  const word = cell === null || isNumber ? null : cutWord(String(cell));
  if (word !== null) column.codes ??= new Uint32Array(rows);
  if (column.codes) column.codes[row] = word === null ? 0 : codeOf(column, word);
}

export function cellOf({ numbers, codes, words }: Column, row: number): Cell {
  const number = numbers?.[row] ?? Number.NaN;
  if (!Number.isNaN(number)) return number;
  return words[(codes?.[row] ?? 0) - 1] ?? null;
}

/** About how much memory it takes. */
export function bytesOf({ numbers, codes, words }: Column): number {
  // With its entry in the map; most are short.
  const WORD_BYTES = 150;
  return (numbers?.byteLength ?? 0) + (codes?.byteLength ?? 0) + words.length * WORD_BYTES;
}

/** As the table holds the text. */
export function cutWord(text: string): string {
  return text.length > LONGEST_WORD ? text.slice(0, LONGEST_WORD) : text;
}

/** Words that stand for numbers that have no place in an order. */
export function isNoValue(word: string): boolean {
  return word === "NaN" || word === "Infinity" || word === "-Infinity";
}

function codeOf(column: Column, word: string): number {
  const known = column.codeOf.get(word);
  if (known !== undefined) return known;
  column.words.push(word);
  column.codeOf.set(word, column.words.length);
  return column.words.length;
}
