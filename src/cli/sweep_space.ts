import { parseExclusion } from "../core/exclusion.ts";
import { parseSetting, parseZip } from "../core/setting.ts";
import type { Space } from "../core/space.ts";
import { describeSpaceProblem, isSpaceRefused, type SpaceRefused } from "../core/space_problem.ts";
import type { JobOptions } from "./job_options.ts";
import { DEFAULT_PARAMS_FILE, readParamsFile } from "./params_file.ts";
import { describeParamsProblem, isParamsRefused } from "./params_problem.ts";
import { wrongUsage } from "./stop.ts";

/**
 * The parameter space that the options describe.
 *
 * A `--set` replaces the parameter of that name in a file, where it stands there, or adds one.
 *
 * @param needsParameters  a sweep reads `params.json` of the current folder where no option names parameters
 */
export async function spaceFrom(options: Partial<JobOptions>, needsParameters: boolean): Promise<Space> {
  const { settings = [], axes = [], zip = [], exclude = [], sample, seed, runs = 1 } = options;
  const isBare = !options.params && settings.length === 0 && axes.length === 0;
  const files = options.params ?? (isBare && needsParameters ? [DEFAULT_PARAMS_FILE] : []);
  if (seed !== undefined && sample === undefined)
    throw wrongUsage("--seed belongs to --sample N: say how many to draw.");
  const named = [];
  for (const file of files) {
    const read = await readParamsFile(file);
    if (isParamsRefused(read)) throw wrongUsage(describeParamsProblem(file, read.problem));
    named.push(...read);
  }
  const set = settings.map((text) => good(parseSetting(text)));
  const replaced = [...named, ...axes].map((axis) => set.find(({ name }) => name === axis.name) ?? axis);
  return {
    // Of two for one name the second is added, and refused as such.
    axes: [...replaced, ...set.filter((axis) => !replaced.includes(axis))],
    zip: zip.map((text) => good(parseZip(text))),
    exclude: exclude.map((text) => good(parseExclusion(text))),
    sample: sample === undefined ? null : { count: sample, seed: seed ?? 0 },
    repeat: runs,
  };
}

export function good<Value>(value: Value | SpaceRefused): Value {
  if (isSpaceRefused(value)) throw wrongUsage(describeSpaceProblem(value.problem));
  return value;
}
