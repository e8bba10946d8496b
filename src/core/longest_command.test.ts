import { expect, test } from "vitest";
import type { Axis } from "./axis.ts";
import { longestCommand } from "./longest_command.ts";
import { parameterValue } from "./parameter_value.ts";
import type { Space } from "./space.ts";

function aSpace(axes: Axis[]): Space {
  return { axes, zip: [], exclude: [], sample: null, repeat: 1 };
}

test("every parameter stands with its longest value, those of later parts included", () => {
  const list = (...texts: string[]): Axis["values"] => ({ kind: "list", values: texts.map(parameterValue) });
  const seed: Axis = { name: "seed", values: { kind: "range", from: "1", to: "9", step: "1" } };
  const spaces = [
    aSpace([{ name: "model", values: list("a", "abc", "ab") }, seed]),
    aSpace([{ name: "model", values: list("abcd") }, seed]),
  ];
  expect(longestCommand({ kind: "argv", argv: ["train", "{model}.py"] }, spaces)).toEqual({
    kind: "argv",
    argv: ["train", "abcd.py", "--seed=1"],
  });
});
