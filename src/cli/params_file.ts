import { extname } from "node:path";
import type { Axis } from "../core/axis.ts";
import { parseJsonParams } from "./params_json.ts";
import { isParamsRefused, type ParamsRefused, refuseParams } from "./params_problem.ts";
import { parseYamlParams } from "./params_yaml.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";

/** What `sweep` reads where neither --params nor --set names parameters. */
export const DEFAULT_PARAMS_FILE = "params.json";

/** The parameters that a JSON or YAML file `{name: [values] or value}` names, in its order, as written. */
export async function readParamsFile(path: string): Promise<Axis[] | ParamsRefused> {
  const text = await readTextFile(path);
  return isUnreadable(text) ? refuseParams({ code: "unreadable", reason: text.unreadable }) : parseParams(path, text);
}

/** `.json` is strict JSON; everything else is YAML, of which JSON is a part. `name` decides by its ending alone. */
export function parseParams(name: string, text: string): Axis[] | ParamsRefused {
  if (extname(name).toLowerCase() === ".json") return parseJsonParams(text);
  // Reading JSON as such is fast; why it is no JSON is only of interest if it is no YAML either.
  const json = text.trimStart().startsWith("{") ? parseJsonParams(text) : null;
  return json && !isParamsRefused(json) ? json : parseYamlParams(text);
}
