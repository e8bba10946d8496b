import { isJson } from "./parameter_value.ts";

/** One value of a list, as written: what stood in quotes, or is a JSON list or object, is never a range. */
export interface ListItem {
  text: string;
  kind: "plain" | "quoted" | "json";
  /** Where the text after it begins: at a comma or at the end. */
  end: number;
}

/**
 * Reads one value of a list that is split at commas. Spaces around it do not count, those within it do;
 * `"a,b"` is a JSON string; `[1,2]` and `{"a":1}` are JSON. null where quotes or brackets do not close.
 */
export function readListItem(list: string, from: number): ListItem | null {
  const start = skipSpaces(list, from);
  const first = list[start];
  if (first === '"') return readQuoted(list, start);
  if (first === "[" || first === "{") return readJson(list, start);
  const end = endOfPlain(list, start);
  return { text: list.slice(start, end).trimEnd(), kind: "plain", end };
}

function readQuoted(list: string, start: number): ListItem | null {
  const string = /"(?:[^"\\]|\\.)*"/sy;
  string.lastIndex = start;
  const token = string.exec(list)?.[0];
  if (token === undefined) return null;
  const end = skipSpaces(list, start + token.length);
  if (end < list.length && list[end] !== ",") return null;
  try {
    const text: unknown = JSON.parse(token);
    return typeof text === "string" ? { text, kind: "quoted", end } : null;
  } catch {
    return null;
  }
}

function readJson(list: string, start: number): ListItem | null {
  const close = endOfBrackets(list, start);
  const end = close === null ? null : skipSpaces(list, close);
  const closed = close !== null && end !== null && (end === list.length || list[end] === ",");
  if (closed && isJson(list.slice(start, close))) return { text: list.slice(start, close), kind: "json", end };
  // `{name}` or `[0-9]` is a word like any other, as long as no comma makes two of it.
  const plainEnd = endOfPlain(list, start);
  if (close === null || plainEnd < close) return null;
  return { text: list.slice(start, plainEnd).trimEnd(), kind: "plain", end: plainEnd };
}

function endOfBrackets(list: string, start: number): number | null {
  let depth = 0;
  for (const { 0: token, index } of list.slice(start).matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth += 1;
    if (token === "]" || token === "}") depth -= 1;
    if (depth === 0) return start + index + token.length;
  }
  return null;
}

function endOfPlain(list: string, start: number): number {
  const comma = list.indexOf(",", start);
  return comma === -1 ? list.length : comma;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\t" || text[at] === "\n") at += 1;
  return at;
}
