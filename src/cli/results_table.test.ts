import pc from "picocolors";
import { expect, test } from "vitest";
import type { Run } from "../api/run.ts";
import { csvLine } from "../core/csv.ts";
import { layResults, obviousSort, sortRuns } from "./results_table.ts";

const plain = pc.createColors(false);

function aRun(n: number, facts: Partial<Run>): Run {
  return {
    id: `1.${n}`,
    name: "train",
    line: null,
    status: "succeeded",
    params: {},
    paramsText: {},
    command: "train",
    exitCode: 0,
    cause: null,
    attempts: 1,
    pool: "local",
    machine: "local",
    gpus: [],
    workers: [],
    progress: null,
    remaining: null,
    metrics: {},
    result: {},
    code: null,
    gpuMemoryPeakBytes: null,
    memoryPeakBytes: null,
    startedAt: "2026-11-21T10:00:00.000Z",
    endedAt: "2026-11-21T10:00:02.500Z",
    ...facts,
  };
}

test("the first number among the results decides: largest first, a loss or an error smallest first", () => {
  expect(obviousSort([aRun(1, { result: { note: "x", accuracy: 0.9 } })])).toBe("-accuracy");
  expect(obviousSort([aRun(1, {}), aRun(2, { result: { val_loss: 0.3 } })])).toBe("val_loss");
  expect(obviousSort([aRun(1, { result: { note: "x" } })])).toBeNull();
  for (const key of ["mse", "testError", "time/epoch", "L1-loss"])
    expect(obviousSort([aRun(1, { result: { [key]: 1 } })])).toBe(key);
  for (const key of ["confidence", "power", "certainty", "answered"])
    expect(obviousSort([aRun(1, { result: { [key]: 1 } })])).toBe(`-${key}`);
});

test("what is no finite number is never best and comes last", () => {
  const runs = [
    aRun(1, { result: { loss: "NaN" } }),
    aRun(2, { result: { loss: 0.5 } }),
    aRun(3, { status: "failed" }),
    aRun(4, { result: { loss: 0.1 } }),
    aRun(5, { result: { loss: "-Infinity" } }),
  ];
  expect(sortRuns(runs, "loss").map(({ id }) => id)).toEqual(["1.4", "1.2", "1.1", "1.3", "1.5"]);
  expect(sortRuns(runs, "-loss").map(({ id }) => id)).toEqual(["1.2", "1.4", "1.1", "1.3", "1.5"]);
});

test("where some have a result of that name, those without one come last, whatever their metric of that name says", () => {
  const runs = [
    aRun(1, { metrics: { accuracy: 0.99 }, status: "failed" }),
    aRun(2, { metrics: { accuracy: 0.5 }, result: { accuracy: 0.6 } }),
    aRun(3, { metrics: { accuracy: 0.9 }, result: { accuracy: 0.9 } }),
  ];
  expect(sortRuns(runs, "-accuracy").map(({ id }) => id)).toEqual(["1.3", "1.2", "1.1"]);
});

test("runs without a result of that name are sorted by the last value of a metric, or by a parameter", () => {
  const runs = [
    aRun(1, { metrics: { loss: "NaN" }, params: { lr: 0.1, model: "b" } }),
    aRun(2, { metrics: { loss: 0.5 }, params: { lr: 0.01, model: "a" } }),
    aRun(3, { metrics: { loss: 0.1 }, params: { lr: 1, model: "c" } }),
  ];
  const order = (sort: string) => sortRuns(runs, sort).map(({ id }) => id);
  expect(order("loss")).toEqual(["1.3", "1.2", "1.1"]);
  expect(order("-lr")).toEqual(["1.3", "1.1", "1.2"]);
  expect(order("model")).toEqual(["1.2", "1.1", "1.3"]);
  expect(order("nothing")).toEqual(["1.1", "1.2", "1.3"]);
});

test("the table has the parameters as written, the results, and the metrics that are not among them", () => {
  const runs = [
    aRun(1, { paramsText: { lr: "0.10" }, metrics: { loss: 0.123456789, accuracy: 0.5 }, result: { accuracy: 0.9 } }),
    aRun(2, { paramsText: { lr: "1e-3" }, status: "failed" }),
  ];
  const { head, body } = layResults(runs, null, plain, 0);
  expect([head, ...body]).toEqual([
    "RUN  STATE          lr  accuracy  TIME      loss",
    "1.1  ✓ succeeded  0.10       0.9  2.5s  0.123457",
    "1.2  ✗ failed     1e-3            2.5s",
  ]);
});

test("where runs worked with different code, the table says with which", () => {
  const commit = "6f73842d9584aaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  const runs = [aRun(1, { code: commit }), aRun(2, { code: `${commit}-dirty` }), aRun(3, { code: null })];
  expect(layResults(runs, null, plain, 0).body).toEqual([
    "1.1  ✓ succeeded  6f73842d        2.5s",
    "1.2  ✓ succeeded  6f73842d-dirty  2.5s",
    "1.3  ✓ succeeded                  2.5s",
  ]);
  expect(layResults(runs.slice(0, 1), null, plain, 0).head).not.toContain("CODE");
});

test("CSV quotes what needs it", () => {
  expect(csvLine(["a,b", 'say "hi"', "two\nlines", 1.5, null, undefined, "plain"])).toBe(
    '"a,b","say ""hi""","two\nlines",1.5,,,plain',
  );
});
