import { describeSpaceProblem, type SpaceProblem } from "../core/space_problem.ts";

/** Where in a file, both counted from 1. */
export interface Place {
  line: number;
  column: number;
}

/** What can be wrong with a file of parameters. */
export type ParamsProblem =
  | { code: "unreadable"; reason: string }
  | { code: "empty" }
  | { code: "syntax"; place: Place; detail: string }
  | { code: "not_a_mapping"; place: Place; found: string }
  | { code: "duplicate_key"; place: Place; key: string }
  | { code: "no_value"; place: Place; name: string }
  | { code: "too_large"; place: Place; name: string }
  | { code: "parameter"; place: Place; problem: SpaceProblem };

export interface ParamsRefused {
  problem: ParamsProblem;
}

export function refuseParams(problem: ParamsProblem): ParamsRefused {
  return { problem };
}

export function isParamsRefused(value: unknown): value is ParamsRefused {
  return typeof value === "object" && value !== null && "problem" in value;
}

/** What happened (with file, line and column), then what to do. */
export function describeParamsProblem(file: string, problem: ParamsProblem): string {
  const at = "place" in problem ? `${file}:${problem.place.line}:${problem.place.column}` : file;
  return `${at}: ${wording(problem)}`;
}

const EXAMPLE = 'It should say which values each parameter takes, e.g. {"lr": [0.1, 0.01], "layers": 8}.';

function wording(problem: ParamsProblem): string {
  switch (problem.code) {
    case "unreadable":
      return `${problem.reason}. Name a file of parameters with --params FILE, or give values with --set NAME=VALUE,VALUE.`;
    case "empty":
      return `the file names no parameters. ${EXAMPLE}`;
    case "syntax":
      return problem.detail;
    case "not_a_mapping":
      return `found ${problem.found} where parameters should be named. ${EXAMPLE}`;
    case "duplicate_key":
      return `${JSON.stringify(problem.key)} stands here a second time. Put all its values in one place.`;
    case "no_value":
      return `the parameter ${problem.name} has no value here. Write one, null for none, or "" for the empty text.`;
    case "too_large":
      return `the parameter ${problem.name} has a value that is too large or too deeply nested for a command line. Put it in a file, and sweep over the file's name.`;
    case "parameter":
      return describeSpaceProblem(problem.problem);
  }
}
