import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import type { Axis } from "../core/axis.ts";
import { systemErrorCode } from "../platform/system_error.ts";
import { parseJsonParams } from "./params_json.ts";
import { isParamsRefused, type ParamsRefused, refuseParams } from "./params_problem.ts";
import { parseYamlParams } from "./params_yaml.ts";
import { unreadable } from "./text_file.ts";

/** What `sweep` reads where neither --params nor --set names parameters. */
export const DEFAULT_PARAMS_FILE = "params.json";

/** The parameters that a JSON or YAML file `{name: [values] or value}` names, in its order, as written. */
export async function readParamsFile(path: string): Promise<Axis[] | ParamsRefused> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return refuseParams({ code: "missing" });
    return refuseParams({ code: "unreadable", reason: unreadable(error) });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuseParams({ code: "not_text" });
  }
  return parseParams(path, text);
}

/** `.json` is strict JSON; everything else is YAML, of which JSON is a part. `name` decides by its ending alone. */
export function parseParams(name: string, text: string): Axis[] | ParamsRefused {
  if (extname(name).toLowerCase() === ".json") return parseJsonParams(text);
  // Reading JSON as such is fast; why it is no JSON is only of interest if it is no YAML either.
  const json = text.trimStart().startsWith("{") ? parseJsonParams(text) : null;
  return json && !isParamsRefused(json) ? json : parseYamlParams(text);
}
