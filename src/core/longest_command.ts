import type { Axis } from "./axis.ts";
import { type Command, renderCommand } from "./command.ts";
import { type ParameterValue, parameterValue } from "./parameter_value.ts";
import type { Space } from "./space.ts";

/**
 * The command with the longest value of each parameter in its place: no run's command has longer words. Where such values
 * are zipped apart, excluded or not drawn, it may be longer than every run's.
 */
export function longestCommand(command: Command, spaces: readonly Space[]): Command {
  const longest = new Map<string, ParameterValue>();
  for (const { axes } of spaces) {
    for (const axis of axes) {
      const value = longestValue(axis);
      if (value.text.length >= (longest.get(axis.name)?.text.length ?? 0)) longest.set(axis.name, value);
    }
  }
  return renderCommand(command, [...longest]);
}

// Numbers of a range are short, whichever it is.
function longestValue({ values }: Axis): ParameterValue {
  if (values.kind !== "list") return parameterValue(values.from);
  let longest = parameterValue("");
  for (const value of values.values) if (value.text.length > longest.text.length) longest = value;
  return longest;
}
