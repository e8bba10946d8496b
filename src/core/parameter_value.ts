import { numberKey } from "./decimal.ts";

/** One value of a parameter: `text` is what stands on the command line, `json` its literal in RUNYARD_PARAMS. */
export interface ParameterValue {
  text: string;
  json: string;
}

const JSON_LITERAL = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** A value as written: what is a JSON number, true, false or null stays that literal, all else is a JSON string. */
export function parameterValue(text: string): ParameterValue {
  return { text, json: JSON_LITERAL.test(text) ? text : JSON.stringify(text) };
}

/** A value that is text whatever it looks like: `"0.1"` in quotes. */
export function textValue(text: string): ParameterValue {
  return { text, json: JSON.stringify(text) };
}

const PLAIN_JSON_STRING = /^"[^"\\\x00-\x1f]*"$/;

/** Whether `json` can stand in RUNYARD_PARAMS. */
export function isJson(json: string): boolean {
  if (PLAIN_JSON_STRING.test(json) || JSON_LITERAL.test(json)) return true;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false;
  }
}

/** Two ways to write one value: the same text, or numbers that are equal (`0.10` and `0.1`). */
export function sameValue(a: string, b: string): boolean {
  if (a === b) return true;
  const key = numberKey(a);
  return key !== null && key === numberKey(b);
}
