import { refused } from "../trace_problem.ts";

/** A value of a line, blanks around it left out. */
export interface Cell {
  text: string;
  /** Where it begins, counted from 1. */
  column: number;
}

/** The values of a line between separators, of which nothing tells one within a value. */
export function splitPlain(text: string, separator: string): Cell[] {
  let column = 1;
  return text.split(separator).map((part) => {
    const cell = { text: part.trim(), column: column + part.length - part.trimStart().length };
    column += part.length + separator.length;
    return cell;
  });
}

/** The values of a line of CSV (RFC 4180, without line ends in them). */
export function splitCsv(text: string, line: number): Cell[] {
  if (!text.includes('"')) return splitPlain(text, ",");
  const cells: Cell[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"\s*(?=,|$)|([^",]*(?=,|$)))/y;
  for (let at = 0; at <= text.length; at = pattern.lastIndex + 1) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const column = at + 1 + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);
    if (!match) throw refused({ code: "open_quote", place: { line, column } });
    cells.push({ text: match[1]?.replaceAll('""', '"') ?? match[2]?.trim() ?? "", column });
  }
  return cells;
}
