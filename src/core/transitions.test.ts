import { expect, test } from "vitest";
import { runStatuses } from "./run.ts";
import { countsAsTry, mayMove, outcome } from "./transitions.ts";

test("what has ended moves only by a retry", () => {
  for (const from of ["succeeded", "failed", "cancelled", "skipped"] as const) {
    expect(runStatuses.filter((to) => mayMove(from, to))).toEqual(["queued"]);
  }
});

test("exit code 0 is success, also where a cancel came too late", () => {
  const ending = { kind: "exited", exitCode: 0 } as const;
  expect(outcome(ending, null, 1, 0, null)).toEqual({ status: "succeeded" });
  expect(outcome(ending, "cancelled", 1, 0, null)).toEqual({ status: "succeeded" });
});

test("a failure is tried again as often as the retries say, and keeps its cause", () => {
  const ending = { kind: "exited", exitCode: 3 } as const;
  const cause = { code: "exit_code", exitCode: 3 };
  expect(outcome(ending, null, 1, 1, null)).toEqual({ status: "queued", cause });
  expect(outcome(ending, null, 2, 1, null)).toEqual({ status: "failed", cause });
});

test("a stop by the user is a cancel, one at the time limit a failure, one for others a return to the queue", () => {
  const killed = { kind: "signalled", signal: 15 } as const;
  expect(outcome(killed, "cancelled", 1, 5, null)).toEqual({ status: "cancelled" });
  expect(outcome(killed, "time_limit", 1, 0, 60_000)).toEqual({
    status: "failed",
    cause: { code: "time_limit", limitMs: 60_000 },
  });
  expect(outcome(killed, "preempted", 1, 0, null)).toEqual({ status: "queued", cause: null });
});

test("what was to be withdrawn and had begun goes on, and its end counts", () => {
  expect(outcome({ kind: "exited", exitCode: 0 }, "withdrawn", 1, 0, null)).toEqual({ status: "succeeded" });
  expect(outcome({ kind: "exited", exitCode: 2 }, "withdrawn", 1, 0, null)).toMatchObject({ status: "failed" });
  expect(countsAsTry({ kind: "exited", exitCode: 2 }, "withdrawn")).toBe(true);
});

test("what never began returns to the queue and costs no retry, unless it was cancelled", () => {
  const ending = { kind: "never_began" } as const;
  expect(outcome(ending, null, 0, 0, null)).toEqual({ status: "queued", cause: null });
  expect(outcome(ending, "cancelled", 0, 0, null)).toEqual({ status: "cancelled" });
  expect(countsAsTry(ending, null)).toBe(false);
});

test("a launcher that vanished leaves a lost run, which only retries bring back", () => {
  const ending = { kind: "lost", detail: "the machine restarted" } as const;
  expect(outcome(ending, null, 1, 0, null)).toMatchObject({ status: "failed", cause: { code: "lost" } });
  expect(outcome(ending, null, 1, 1, null)).toMatchObject({ status: "queued" });
});
