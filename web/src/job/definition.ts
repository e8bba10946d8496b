import type { AxisValues } from "../../../src/core/axis.ts";
import type { Command } from "../../../src/core/command.ts";
import { commandLine } from "../../../src/core/command_line.ts";
import type { Demand } from "../../../src/core/demand.ts";
import type { JobPlan } from "../../../src/core/job.ts";
import type { Space } from "../../../src/core/space.ts";

/** A job as it was submitted, as `showJob` tells it. */
export interface Definition extends Omit<JobPlan, "environment"> {
  /** Null: a command a line. */
  command: Command | null;
  spaces: Space[];
  demand: Demand;
  retries: number;
  timeLimitMs: number | null;
  expectedMs: number | null;
  atMost: number | null;
  resumable: boolean;
  tags: string[];
}

/** The names of the job's parameters, in order. */
export function paramsOf({ spaces }: Definition): string[] {
  return spaces[0]?.axes.map(({ name }) => name) ?? [];
}

const MOST_SHOWN = 12;

/** The values of a parameter, as they would be written: `0.1, 0.01, … 40 in all`. */
export function axisText(values: AxisValues): string {
  switch (values.kind) {
    case "list": {
      const shown = values.values.slice(0, MOST_SHOWN).map(({ text }) => text);
      const { length } = values.values;
      return `${shown.join(", ")}${length > MOST_SHOWN ? `, … ${length} in all` : ""}`;
    }
    case "range":
      return `${values.from} to ${values.to} in steps of ${values.step}`;
    case "log":
      return `${values.count} from ${values.from} to ${values.to}, each as many times the one before`;
    case "lin":
      return `${values.count} from ${values.from} to ${values.to}, evenly`;
  }
}

export function commandText({ command }: Definition): string {
  if (command === null) return "a command a line";
  return command.kind === "shell" ? command.text : commandLine(command);
}
