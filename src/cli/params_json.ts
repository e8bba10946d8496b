import { type Axis, isParameterName } from "../core/axis.ts";
import { type ParameterValue, textValue } from "../core/parameter_value.ts";
import { type ParamsProblem, type ParamsRefused, type Place, refuseParams } from "./params_problem.ts";

const STRING = /"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"/y;
const LITERAL = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
const SPACE = /[ \t\n\r]*/y;
const MAX_DEPTH = 100;

/**
 * Parameters from strict JSON, every literal as written. JSON.parse would round long numbers and keep the last
 * of two equal keys; a YAML parser takes 6 s and 1.4 GB for a list of a million values, this one half a second.
 */
export function parseJsonParams(text: string): Axis[] | ParamsRefused {
  let at = 0;
  let problem: ParamsProblem | null = null;

  function fail(detail: string): null {
    problem ??= { code: "syntax", place: placeIn(text, at), detail };
    return null;
  }

  function expected(what: string): null {
    const found = at < text.length ? JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0)) : "the end";
    return fail(`expected ${what}, found ${found}. Write JSON, e.g. {"lr": [0.1, 0.01]}.`);
  }

  function token(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) return null;
    at += found[0].length;
    return found[0];
  }

  /** Skips spaces and takes the character if it comes next. */
  function takes(char: string): boolean {
    token(SPACE);
    if (text[at] !== char) return false;
    at += 1;
    return true;
  }

  function string(): string | null {
    const found = token(STRING);
    return found === null ? null : String(JSON.parse(found));
  }

  /** Reads `[…]` or `{…}` from behind its first bracket, `read` for each of what it holds. */
  function eachOf(close: "]" | "}", read: () => boolean): boolean {
    if (takes(close)) return true;
    do {
      token(SPACE);
      if (!read()) return false;
    } while (takes(","));
    return takes(close) || expected(`a comma or ${close}`) !== null;
  }

  function key(seen: Set<string>, from: number): string | null {
    const name = string();
    if (name === null) return expected("a name in double quotes");
    if (seen.has(name)) {
      problem ??= { code: "duplicate_key", place: placeIn(text, from), key: name };
      return null;
    }
    seen.add(name);
    return takes(":") ? name : expected("a colon");
  }

  function value(depth: number): ParameterValue | null {
    token(SPACE);
    const literal = token(LITERAL);
    if (literal !== null) return { text: literal, json: literal };
    const word = string();
    if (word !== null) return textValue(word);
    const compact = depth < MAX_DEPTH ? nested(depth + 1) : fail("the values are nested too deeply.");
    return compact === null ? null : { text: compact, json: compact };
  }

  function nested(depth: number): string | null {
    const parts: string[] = [];
    if (takes("[")) {
      const done = eachOf("]", () => {
        const item = value(depth);
        return item !== null && parts.push(item.json) > 0;
      });
      return done ? `[${parts.join()}]` : null;
    }
    if (!takes("{")) return expected("a value");
    const seen = new Set<string>();
    const done = eachOf("}", () => {
      const name = key(seen, at);
      const item = name === null ? null : value(depth);
      return item !== null && parts.push(`${JSON.stringify(name)}:${item.json}`) > 0;
    });
    return done ? `{${parts.join()}}` : null;
  }

  function values(): ParameterValue[] | null {
    if (!takes("[")) {
      const only = value(0);
      return only && [only];
    }
    const list: ParameterValue[] = [];
    const done = eachOf("]", () => {
      const item = value(0);
      return item !== null && list.push(item) > 0;
    });
    return done ? list : null;
  }

  function axis(axes: Axis[], seen: Set<string>): boolean {
    const place = at;
    const name = key(seen, place);
    const list = name === null ? null : values();
    if (name === null || list === null) return false;
    const wrong = !isParameterName(name)
      ? "bad_name"
      : list.length === 0
        ? "no_values"
        : hasNul(list)
          ? "nul_in_value"
          : null;
    if (wrong) problem ??= { code: "parameter", place: placeIn(text, place), problem: { code: wrong, name } };
    axes.push({ name, values: { kind: "list", values: list } });
    return wrong === null;
  }

  token(SPACE);
  if (at === text.length) return refuseParams({ code: "empty" });
  if (text[at] !== "{")
    return refuseParams({ code: "not_a_mapping", place: placeIn(text, at), found: kindOf(text[at]) });
  at += 1;
  const axes: Axis[] = [];
  const seen = new Set<string>();
  const done = eachOf("}", () => axis(axes, seen));
  token(SPACE);
  if (done && at < text.length) expected("nothing more");
  if (problem || !done) return refuseParams(problem ?? { code: "empty" });
  return axes.length > 0 ? axes : refuseParams({ code: "empty" });
}

function hasNul(values: readonly ParameterValue[]): boolean {
  return values.some((value) => value.text.includes("\0"));
}

function kindOf(first: string | undefined): string {
  return first === "[" ? "a list" : first === '"' ? "a text" : "something else";
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
}
