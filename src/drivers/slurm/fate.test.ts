import { expect, test } from "vitest";
import { type Fate, isOver, readFates, verdictOf } from "./fate.ts";

function fate(state: string, more: Partial<Fate> = {}): Fate {
  return { state, by: null, nodes: "n1", code: 0, signal: 0, limitMs: 60_000, ...more };
}

test("accounts count before what the controller remembers", () => {
  const fates = readFates(
    [
      "sacct|12_1|CANCELLED by 1000|0:15|n1|60",
      "sacct|12_2|CANCELLED by 77|0:0|None assigned|UNLIMITED",
      "sacct|12_3|TIMEOUT|0:0|n2|1",
      "sacct|",
      "user|1000|ada",
      "user|77|",
      "squeue|12|1|COMPLETED|n1|1:00:00",
      "squeue|12|4|OUT_OF_MEMORY|n2|2-01:00:00",
      "squeue|13|N/A|NODE_FAIL|n1|UNLIMITED",
      "slurm_load_jobs error: Invalid job id specified",
    ].join("\n"),
  );
  expect(fates?.get("12_1")).toMatchObject({ state: "CANCELLED", by: "ada", signal: 15, limitMs: 3_600_000 });
  expect(fates?.get("12_2")).toMatchObject({ state: "CANCELLED", by: "user 77", limitMs: null });
  expect(fates?.get("12_3")).toMatchObject({ state: "TIMEOUT", limitMs: 60_000 });
  expect(fates?.get("12_4")).toMatchObject({ state: "OUT_OF_MEMORY", limitMs: 49 * 3_600_000 });
  expect(fates?.get("13")).toMatchObject({ state: "NODE_FAIL", limitMs: null });
});

test("where the controller cannot be asked, nothing is concluded", () => {
  const away = "sacct|\nslurm_load_jobs error: Unable to contact slurm controller (connect failure)";
  expect(readFates(away)).toBeNull();
});

test("what goes on is not over", () => {
  const goesOn = ["PENDING", "RUNNING", "COMPLETING", "SUSPENDED", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"];
  expect(goesOn.filter((state) => isOver({ state }))).toEqual([]);
  const over = ["COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "BOOT_FAIL"];
  expect(over.filter((state) => !isOver({ state }))).toEqual([]);
});

test.each([
  ["TIMEOUT", true, { ending: { kind: "signalled" }, timeLimitMs: 60_000 }],
  ["OUT_OF_MEMORY", true, { ending: { kind: "signalled" }, symptom: "out_of_memory" }],
  ["PREEMPTED", true, { ending: { kind: "signalled" }, isInterrupted: true }],
  ["PREEMPTED", false, { ending: { kind: "never_began" }, isInterrupted: false }],
  ["NODE_FAIL", true, { ending: { kind: "lost" } }],
  ["NODE_FAIL", false, { ending: { kind: "never_began" } }],
  ["COMPLETED", true, { ending: { kind: "lost" } }],
  ["FAILED", false, { ending: { kind: "could_not_start" } }],
] as const)("%s of what has begun (%s) is judged so", (state, hasBegun, verdict) => {
  expect(verdictOf(fate(state), "7", hasBegun)).toMatchObject(verdict);
});

test("who cancelled is named where that is known", () => {
  expect(verdictOf(fate("CANCELLED", { by: "ada" }), "7", true).ending).toEqual({ kind: "cancelled", by: "ada" });
  expect(verdictOf(fate("CANCELLED"), "7", false).ending).toEqual({ kind: "cancelled", by: "somebody" });
});

test("what nobody remembers has been lost, or may be submitted again", () => {
  expect(verdictOf(null, "7", true).ending).toMatchObject({ kind: "lost", detail: expect.stringContaining("job 7") });
  expect(verdictOf(null, "7", false).ending).toEqual({ kind: "never_began" });
});
