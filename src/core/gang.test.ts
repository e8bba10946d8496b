import { expect, test } from "vitest";
import { endOfGang, endsTheOthers, type WorkerEnd } from "./gang.ts";
import type { Ending, StopReason } from "./run.ts";

const OK: Ending = { kind: "exited", exitCode: 0 };
const FAILED: Ending = { kind: "exited", exitCode: 3 };
const TERMINATED: Ending = { kind: "signalled", signal: 15 };
const NEVER_BEGAN: Ending = { kind: "never_began" };

function anEnd(ending: Ending, endedAt: number, asked: StopReason | null = null): WorkerEnd {
  return { ending, asked, startedAt: ending.kind === "never_began" ? null : endedAt - 100, endedAt, symptom: null };
}

test("several workers have succeeded when all have, from the first start to the last end", () => {
  const end = endOfGang([anEnd(OK, 500), anEnd(OK, 900), anEnd(OK, 700)]);
  expect(end).toMatchObject({ ending: OK, asked: null, startedAt: 400, endedAt: 900 });
});

test("the first one that did not end well tells why, not those that were ended for its sake", () => {
  const mates = [anEnd(TERMINATED, 520, "worker_ended"), anEnd(FAILED, 500), anEnd(OK, 100)];
  expect(endOfGang(mates)).toMatchObject({ ending: FAILED, asked: null, endedAt: 520 });
  const both = [anEnd({ kind: "exited", exitCode: 1 }, 510), anEnd(FAILED, 500)];
  expect(endOfGang(both).ending).toEqual(FAILED);
});

test("where one could not begin, nothing of the attempt counts, although others had begun", () => {
  const mates = [anEnd(NEVER_BEGAN, 100), anEnd(TERMINATED, 200, "worker_ended")];
  expect(endOfGang(mates)).toMatchObject({ ending: NEVER_BEGAN, asked: null });
});

test("what was cancelled or preempted is that, also where a worker had done its part", () => {
  const cancelled = [anEnd(OK, 100), anEnd(TERMINATED, 200, "cancelled")];
  expect(endOfGang(cancelled)).toMatchObject({ asked: "cancelled", ending: TERMINATED });
  const preempted = [anEnd(OK, 100), anEnd(OK, 200, "preempted")];
  expect(endOfGang(preempted)).toMatchObject({ asked: "preempted" });
});

test("who has done its part may leave; any other end ends the others", () => {
  expect(endsTheOthers(anEnd(OK, 1))).toBe(false);
  for (const ending of [FAILED, TERMINATED, NEVER_BEGAN, { kind: "lost" as const, detail: "" }]) {
    expect(endsTheOthers(anEnd(ending, 1))).toBe(true);
  }
});
