import { expect, test } from "vitest";
import { until } from "../../test/helpers/until.ts";
import { UNSEEN } from "../core/peaks.ts";
import type { Report } from "../core/report.ts";
import { type Delivery, openOutbox } from "./outbox.ts";

function anEnd(attempt: string): Extract<Report, { kind: "ended" }> {
  return {
    kind: "ended",
    attempt,
    startedAt: 1,
    endedAt: 2,
    ending: { kind: "exited", exitCode: 0 },
    timeLimitMs: null,
    out: { kind: "none" },
    err: { kind: "none" },
    events: { kind: "none" },
    symptom: null,
    memoryPeakBytes: null,
    gpuMemoryPeakBytes: null,
  };
}

/** An outbox whose yard answers as it is told, and then keeps everything. */
function anOutbox(...answers: Delivery[]) {
  const sent: string[][] = [];
  const outbox = openOutbox(async (reports) => {
    sent.push(reports.map(({ kind, attempt }) => `${kind} ${attempt}`));
    return answers.shift() ?? "kept";
  });
  return { outbox, sent };
}

test("what a yard could not keep is sent again by itself", async () => {
  const { outbox, sent } = anOutbox("failed");
  outbox.ended(anEnd("1.1.1"));
  await until(() => outbox.isEmpty() && sent.length === 2, "it was sent twice");
  expect(sent).toEqual([["ended 1.1.1"], ["ended 1.1.1"]]);
});

test("what one run says and the yard cannot take does not hold up the ends of others", async () => {
  const { outbox, sent } = anOutbox("refused");
  outbox.observed({ kind: "observed", attempt: "1.2.1", progress: null, metrics: { odd: 1 }, result: {}, ...UNSEEN });
  outbox.ended(anEnd("1.1.1"));
  await until(() => outbox.isEmpty() && sent.length === 2, "it was sent twice");
  expect(sent).toEqual([["observed 1.2.1", "ended 1.1.1"], ["ended 1.1.1"]]);
});
