import type { JobOptions } from "../core/job_options.ts";
import type { Space } from "../core/space.ts";
import { spaceOf } from "../core/space_options.ts";
import { describeSpaceProblem, isSpaceRefused, type SpaceRefused } from "../core/space_problem.ts";
import { DEFAULT_PARAMS_FILE, readParamsFile } from "./params_file.ts";
import { describeParamsProblem, isParamsRefused } from "./params_problem.ts";
import { wrongUsage } from "./stop.ts";

/**
 * The parameter space that the options and the files in them describe.
 *
 * @param needsParameters  a sweep reads `params.json` of the current folder where no option names parameters
 */
export async function spaceFrom(options: Partial<JobOptions>, needsParameters: boolean): Promise<Space> {
  const { settings = [], axes = [], sample, seed } = options;
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
  return good(spaceOf(options, [...named, ...axes]));
}

export function good<Value>(value: Value | SpaceRefused): Value {
  if (isSpaceRefused(value)) throw wrongUsage(describeSpaceProblem(value.problem));
  return value;
}
