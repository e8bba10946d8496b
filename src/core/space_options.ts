import type { Axis } from "./axis.ts";
import { parseExclusion } from "./exclusion.ts";
import type { JobOptions } from "./job_options.ts";
import { parseSetting, parseZip } from "./setting.ts";
import type { Space } from "./space.ts";
import { isSpaceRefused, type SpaceRefused } from "./space_problem.ts";

type SpaceOptions = Partial<Pick<JobOptions, "settings" | "zip" | "exclude" | "sample" | "seed" | "runs">>;

/**
 * The parameter space that options describe. A `--set` replaces the parameter of that name, where it stands among those that
 * are `known`, or adds one.
 *
 * @param known  parameters that come from elsewhere, as from a file
 */
export function spaceOf(options: SpaceOptions, known: readonly Axis[]): Space | SpaceRefused {
  const { settings = [], zip = [], exclude = [], sample, seed, runs = 1 } = options;
  const set = parsedAll(settings, parseSetting);
  if (isSpaceRefused(set)) return set;
  const zips = parsedAll(zip, parseZip);
  if (isSpaceRefused(zips)) return zips;
  const exclusions = parsedAll(exclude, parseExclusion);
  if (isSpaceRefused(exclusions)) return exclusions;
  const replaced = known.map((axis) => set.find(({ name }) => name === axis.name) ?? axis);
  return {
    // Of two for one name the second is added, and refused as such.
    axes: [...replaced, ...set.filter((axis) => !replaced.includes(axis))],
    zip: zips,
    exclude: exclusions,
    sample: sample === undefined ? null : { count: sample, seed: seed ?? 0 },
    repeat: runs,
  };
}

function parsedAll<Value>(
  texts: readonly string[],
  parse: (text: string) => Value | SpaceRefused,
): Value[] | SpaceRefused {
  const parsed: Value[] = [];
  for (const text of texts) {
    const value = parse(text);
    if (isSpaceRefused(value)) return value;
    parsed.push(value);
  }
  return parsed;
}
