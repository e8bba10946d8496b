import type { Axis, AxisValues } from "./axis.ts";
import type { Exclusion } from "./exclusion.ts";
import { readListItem } from "./list_item.ts";
import type { ParameterValue } from "./parameter_value.ts";
import { parseSetting } from "./setting.ts";
import { isSpaceRefused } from "./space_problem.ts";

/** A parameter as `--set` takes it: `lr=0.1,0.01`. Null: it has a value that cannot be written so. */
export function writtenSetting({ name, values }: Axis): string | null {
  const text = writtenValues(values);
  return text === null ? null : `${name}=${text}`;
}

function writtenValues(values: AxisValues): string | null {
  switch (values.kind) {
    case "range":
      return `${values.from}..${values.to}${values.step === "1" ? "" : `:${values.step}`}`;
    case "log":
    case "lin":
      return `${values.kind}:${values.from}..${values.to}:${values.count}`;
    case "list": {
      const written = values.values.map(writtenValue);
      return written.includes(null) ? null : written.join(",");
    }
  }
}

/** As it was written, if it is then read as what it is; else in quotes. */
function writtenValue(value: ParameterValue): string | null {
  const ways = [value.text, JSON.stringify(value.text)];
  return ways.find((way) => isReadAs(way, value)) ?? null;
}

function isReadAs(way: string, { text, json }: ParameterValue): boolean {
  if (dependsOnWhatFollows(way)) return false;
  const axis = parseSetting(`x=${way}`);
  if (isSpaceRefused(axis) || axis.values.kind !== "list") return false;
  const [only, ...others] = axis.values.values;
  return others.length === 0 && only?.text === text && only.json === json;
}

/** What one `--exclude` takes. */
export function writtenExclusion(exclusion: Exclusion): string {
  return exclusion.map(({ name, text }) => `${name}=${writtenText(text)}`).join(",");
}

function writtenText(text: string): string {
  const item = text === "" ? null : readListItem(text, 0);
  const isPlain =
    item?.kind !== "quoted" && item?.text === text && item.end === text.length && !dependsOnWhatFollows(text);
  return isPlain ? text : JSON.stringify(text);
}

/** A word that begins with a bracket is one by itself; a quote in it could find its other half in the next value. */
function dependsOnWhatFollows(way: string): boolean {
  return readListItem(way, 0)?.kind === "plain" && /^\s*[[{]/.test(way);
}
