import { type Command, renderCommand } from "./command.ts";
import { compileSpaces } from "./compiled_space.ts";
import type { ParameterValue } from "./parameter_value.ts";
import type { Space } from "./space.ts";
import { isSpaceRefused, type SpaceRefused } from "./space_problem.ts";

/** What a job's runs execute: one command with the parts of its parameter space, or a command a line. */
export type Work =
  | { kind: "command"; command: Command; spaces: Space[] }
  | { kind: "lines"; lines: [line: number, text: string][] };

/** One run's share of the work. */
export interface RunWork {
  command: Command;
  values: [string, ParameterValue][];
  /** The line of the file it came from, from 1; null where it came from no file. */
  line: number | null;
}

/** The runs of a job, by number from 1. Takes milliseconds to make and little memory, however many runs there are. */
export interface CompiledWork {
  total: number;
  run(n: number): RunWork;
  /** The names of its parameters, in the order given. */
  names: readonly string[];
  /** The parameters alone, in less time. */
  values(n: number): RunWork["values"];
}

export function compileWork(work: Work): CompiledWork | SpaceRefused {
  if (work.kind === "lines") {
    return {
      total: work.lines.length,
      run(n) {
        const [line, text] = work.lines[n - 1] ?? [0, ""];
        return { command: { kind: "shell", text }, values: [], line };
      },
      names: [],
      values: () => [],
    };
  }
  const space = compileSpaces(work.spaces);
  if (isSpaceRefused(space)) return space;
  return {
    total: space.total,
    run(n) {
      const values = space.at(n - 1);
      return { command: renderCommand(work.command, values), values, line: null };
    },
    names: space.names,
    values: (n) => space.at(n - 1),
  };
}

/** The parameters as a JSON object, each literal as it was written. */
export function paramsJson(values: readonly (readonly [string, ParameterValue])[]): string {
  return `{${values.map(([name, value]) => `${JSON.stringify(name)}:${value.json}`).join(",")}}`;
}
