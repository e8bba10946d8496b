import { parseDurationMs } from "../quantity.ts";

/**
 * What runs are chosen by: `params.lr>=0.01, metrics.loss<0.3, status=failed|cancelled, machine~lab, search=adam`.
 * Conditions are joined by commas, and all of them have to hold; `|` between values: one of them is enough. What has a comma or
 * another sign of the language in it stands in double quotes, in which `\"` and `\\` are signs of the text.
 */
export interface Condition {
  /** A column, or `search`: any of them. */
  column: string;
  is: Comparison;
  /** As written; an empty one: nothing stands there. */
  values: string[];
}

/** `~`: contains, in small letters or large ones. Under `<` and its like only numbers are compared. */
export type Comparison = (typeof comparisons)[number];
const comparisons = ["!=", "<=", ">=", "=", "<", ">", "~"] as const;
const orders: readonly Comparison[] = ["<", "<=", ">", ">="];

export const SEARCH = "search";

/** What cannot be read, and where: characters from 1. */
export interface WhereProblem {
  at: number;
  problem: string;
}

const MOST_CONDITIONS = 100;
const BARE_NAME = /[^\s"=!<>~,|]+/y;

export function isWhereProblem(parsed: readonly unknown[] | WhereProblem): parsed is WhereProblem {
  return !Array.isArray(parsed);
}

/** The conditions in their text; none in an empty one. */
export function parseWhere(text: string): Condition[] | WhereProblem {
  const conditions: Condition[] = [];
  if (text.trim() === "") return conditions;
  let at = 0;
  for (;;) {
    const begin = skipSpace(text, at);
    const name = readName(text, begin);
    if ("problem" in name) return name;
    if (name.text === "") return wrong(begin, "the name of a column has to stand here");
    at = skipSpace(text, name.end);
    const is = comparisons.find((sign) => text.startsWith(sign, at));
    if (is === undefined) {
      return wrong(
        at,
        `${comparisons.join(" ")} may follow ${name.text}; to look for a word write search=${name.text}`,
      );
    }
    if (name.text === SEARCH && is !== "=") return wrong(at, "only = may follow search");
    at += is.length;
    const values: string[] = [];
    for (;;) {
      const valueAt = skipSpace(text, at);
      const value = readText(text, valueAt, /[^"|,]*/y);
      if ("problem" in value) return value;
      if (orders.includes(is) && valueNumber(name.text, value.text) === null)
        return wrong(valueAt, `${is} compares numbers${exampleOf(name.text)}, and "${value.text}" is none`);
      values.push(value.text);
      at = skipSpace(text, value.end);
      if (text[at] !== "|") break;
      if (orders.includes(is)) return wrong(at, `${is} takes one value`);
      at += 1;
    }
    conditions.push({ column: name.text, is, values });
    if (at >= text.length) return conditions;
    if (text[at] !== ",") return wrong(at, "a comma has to stand between two conditions");
    if (conditions.length === MOST_CONDITIONS) return wrong(at, `${MOST_CONDITIONS} conditions are the most`);
    at += 1;
  }
}

/** Names of columns, joined by commas; in quotes where they are in `parseWhere`. */
export function parseNames(text: string): string[] | WhereProblem {
  const names: string[] = [];
  if (text.trim() === "") return names;
  for (let at = 0; ; at += 1) {
    const begin = skipSpace(text, at);
    const name = readName(text, begin);
    if ("problem" in name) return name;
    if (name.text === "") return wrong(begin, "the name of a column has to stand here");
    names.push(name.text);
    at = skipSpace(text, name.end);
    if (at >= text.length) return names;
    if (text[at] !== ",") return wrong(at, "a comma has to stand between two names");
  }
}

/** As `parseWhere` reads it. */
export function formatWhere(conditions: readonly Condition[]): string {
  return conditions
    .map(({ column, is, values }) => `${quotedName(column)}${is}${values.map(quotedValue).join("|")}`)
    .join(", ");
}

/** The value as the column's cells count it: of instants epoch ms, of `took` seconds; null: it is no number. */
export function valueNumber(column: string, text: string): number | null {
  if (column === "startedAt" || column === "endedAt") {
    const at = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    return Number.isNaN(at) ? null : at;
  }
  if (column === "took" && !isNumber(text)) {
    const ms = parseDurationMs(text);
    return ms === null ? null : ms / 1000;
  }
  return isNumber(text) ? Number(text) : null;
}

export function isNumber(text: string): boolean {
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) && Number.isFinite(Number(text));
}

function exampleOf(column: string): string {
  if (column === "took") return " or durations (90s, 2h30m)";
  return column === "startedAt" || column === "endedAt" ? ", here instants (2026-01-31T12:00Z)" : "";
}

function wrong(at: number, problem: string): WhereProblem {
  return { at: at + 1, problem };
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && /\s/.test(text[at] ?? "")) at += 1;
  return at;
}

/** A text in quotes, or what `bare` takes of it without. */
function readText(text: string, at: number, bare: RegExp): { text: string; end: number } | WhereProblem {
  if (text[at] !== '"') {
    bare.lastIndex = at;
    const [found = ""] = bare.exec(text) ?? [];
    return { text: found.trimEnd(), end: at + found.length };
  }
  const quoted = /"((?:[^"\\]|\\["\\])*)"/y;
  quoted.lastIndex = at;
  const match = quoted.exec(text);
  if (!match)
    return wrong(at, 'the quotes that begin here do not end; inside of them \\" and \\\\ are signs of the text');
  return { text: (match[1] ?? "").replaceAll(/\\(["\\])/g, "$1"), end: at + match[0].length };
}

/** A name may be in quotes in part: `params."a b"`. */
function readName(text: string, from: number): { text: string; end: number } | WhereProblem {
  let [name, at] = ["", from];
  for (;;) {
    const piece = readText(text, at, BARE_NAME);
    if ("problem" in piece || piece.end === at) return "problem" in piece ? piece : { text: name, end: at };
    name += piece.text;
    at = piece.end;
  }
}

/** As it stands in a text of conditions or names. */
export function quotedName(name: string): string {
  return /^[^\s"=!<>~,|]+$/.test(name) ? name : quoted(name);
}

function quotedValue(value: string): string {
  return /["|,]|^\s|\s$/.test(value) ? quoted(value) : value;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
