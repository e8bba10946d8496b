import { isParameterName } from "./axis.ts";
import { readListItem } from "./list_item.ts";
import { refuseSpace, type SpaceRefused } from "./space_problem.ts";

/**
 * What one `--exclude` names: every combination that has all these values is left out. A value matches what is
 * written like it, else equal numbers (`0.1` matches `0.10`), else as a range all values in it (`seed=3..99:3`).
 */
export type Exclusion = { name: string; text: string }[];

/** `--exclude 'lr=0.1,layers=16'`; values with commas in quotes as in `--set`. */
export function parseExclusion(text: string): Exclusion | SpaceRefused {
  const refused = refuseSpace({ code: "bad_exclusion", text });
  const exclusion: Exclusion = [];
  for (let at = 0; at <= text.length; ) {
    const equals = text.indexOf("=", at);
    if (equals === -1) return refused;
    const name = text.slice(at, equals).trim();
    const item = readListItem(text, equals + 1);
    if (!isParameterName(name) || !item || (item.kind === "plain" && item.text === "")) return refused;
    if (exclusion.some((pair) => pair.name === name)) return refuseSpace({ code: "exclude_twice", name });
    exclusion.push({ name, text: item.text });
    at = item.end + 1;
  }
  return exclusion;
}
