import { expect, test } from "vitest";
import type { Run } from "../../../src/api/run.ts";
import { type DescribedColumn, expectedColumns, plottable, usualColumns, usualTarget } from "./columns_of.ts";

function column(name: string, said: Partial<DescribedColumn> = {}): DescribedColumn {
  return { name, kind: "number", least: 0, most: 1, distinct: 2, present: 10, ...said };
}

const columns = [
  column("n"),
  column("cause", { present: 0 }),
  column("params.lr"),
  column("params.same", { distinct: 1 }),
  column("metrics.loss"),
  column("metrics.accuracy"),
  column("result.note", { kind: "text", least: null, most: null }),
  column("result.accuracy"),
];

test("a table shows what tells runs apart and what came of them, each once", () => {
  expect(usualColumns(columns)).toEqual([
    "status",
    "params.lr",
    "result.note",
    "result.accuracy",
    "metrics.loss",
    "took",
    "machine",
  ]);
  expect(usualColumns([column("params.same", { distinct: 1 }), column("cause")])).toEqual([
    "status",
    "params.same",
    "cause",
    "took",
    "machine",
  ]);
});

test("what all runs have alike is not plotted", () => {
  expect(plottable(columns, "params.")).toEqual(["params.lr"]);
});

test("runs are judged by a result that is a number, else by a metric", () => {
  expect(usualTarget(columns)).toBe("result.accuracy");
  expect(usualTarget(columns.slice(0, 6))).toBe("metrics.loss");
  expect(usualTarget(columns.slice(0, 4))).toBeNull();
});

test("before the yard has looked at all runs, the first of them show what there is", () => {
  const run = (said: Partial<Run>) =>
    ({ paramsText: {}, metrics: {}, result: {}, cause: null, line: null, ...said }) as Run;
  const rows = [
    run({ paramsText: { lr: "1e-3", opt: "adam" }, metrics: { loss: 0.5 } }),
    run({ paramsText: { lr: "0.1", opt: "sgd" }, metrics: { loss: "NaN" }, cause: { code: "lost", text: "lost" } }),
  ];
  const kinds = expectedColumns(["lr", "opt"], rows).map(({ name, kind }) => [name, kind]);
  expect(kinds).toEqual([
    ["params.lr", "number"],
    ["params.opt", "text"],
    ["metrics.loss", "number"],
    ["cause", "text"],
  ]);
  expect(expectedColumns([], [run({ line: 3 })]).map(({ name }) => name)).toEqual(["command"]);
});
