import { type Axis, type AxisValues, isParameterName } from "./axis.ts";
import { joinedValues, parseRange } from "./axis_values.ts";
import { type ListItem, readListItem } from "./list_item.ts";
import { type ParameterValue, parameterValue, textValue } from "./parameter_value.ts";
import { isSpaceRefused, refuseSpace, type SpaceRefused } from "./space_problem.ts";

/**
 * `--set NAME=VALUE,VALUE`: values as written, split at commas, without the spaces around them; a range is
 * computed; `"a,b"` in quotes is text, whatever it looks like; `[64,64]` is one value, a JSON list.
 */
export function parseSetting(setting: string): Axis | SpaceRefused {
  const equals = setting.indexOf("=");
  if (equals === -1) return refuseSpace({ code: "bad_setting", setting });
  const name = setting.slice(0, equals).trim();
  if (!isParameterName(name)) return refuseSpace({ code: "bad_name", name });
  const list = setting.slice(equals + 1);
  if (list.trim() === "") return refuseSpace({ code: "no_values", name });

  const pieces: AxisValues[] = [];
  let written: ParameterValue[] = [];
  for (let at = 0; at <= list.length; ) {
    const item = readListItem(list, at);
    if (!item) return refuseSpace({ code: "bad_quoting", name, found: list.slice(at).trim() });
    const piece = itemValues(name, item);
    if (isSpaceRefused(piece)) return piece;
    if (piece.kind === "list") {
      if (written.length === 0) pieces.push({ kind: "list", values: written });
      written.push(...piece.values);
    } else {
      pieces.push(piece);
      written = [];
    }
    at = item.end + 1;
  }
  const values = joinedValues(name, pieces);
  return isSpaceRefused(values) ? values : { name, values };
}

function itemValues(name: string, item: ListItem): AxisValues | SpaceRefused {
  if (item.text.includes("\0")) return refuseSpace({ code: "nul_in_value", name });
  switch (item.kind) {
    case "quoted":
      return { kind: "list", values: [textValue(item.text)] };
    case "json":
      return { kind: "list", values: [{ text: item.text, json: item.text }] };
    case "plain": {
      if (item.text === "") return refuseSpace({ code: "empty_value", name });
      return parseRange(name, item.text) ?? { kind: "list", values: [parameterValue(item.text)] };
    }
  }
}

/** `--zip lr,layers`: the names of parameters that advance together. */
export function parseZip(text: string): string[] | SpaceRefused {
  const names = text.split(",").map((name) => name.trim());
  const valid = names.length >= 2 && names.every(isParameterName);
  return valid ? names : refuseSpace({ code: "bad_zip", text });
}
