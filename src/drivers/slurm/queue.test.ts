import { expect, test } from "vitest";
import { isActive, readQueue, whyPending } from "./queue.ts";

const OURS = "runyard:yard1:2-abc";

test("of the queue the yard reads its own tasks, array or not", () => {
  const text = [
    `71|3|RUNNING|None|n1|1795716558|${OURS}`,
    `71|4|PENDING|Resources||N/A|${OURS}`,
    `72|N/A|PENDING|(null)||N/A|runyard:yard1:2-def`,
    "73|N/A|RUNNING|None|n2|1795716558|runyard:yard12:2-abc",
    "74|1|RUNNING|None|n2|1795716558|a | comment",
    "slurm_load_jobs error: Invalid job id specified",
    "",
  ].join("\n");
  const [first, second, third, ...rest] = readQueue(text, "yard1");
  expect(first).toEqual({
    ...{ batch: "2-abc", task: 3, job: 71, state: "RUNNING", reason: "None" },
    ...{ nodes: "n1", endsAt: 1_795_716_558_000 },
  });
  expect(second).toMatchObject({ task: 4, state: "PENDING", reason: "Resources", endsAt: null });
  expect(third).toMatchObject({ batch: "2-def", task: null, job: 72 });
  expect(rest).toEqual([]);
});

test("what holds its node is told apart from what waits, and why it does", () => {
  const entry = { batch: "2-abc", task: 1, job: 7, nodes: "", endsAt: null };
  const inState = (state: string, reason: string) => ({ ...entry, state, reason });
  expect(["RUNNING", "COMPLETING", "SUSPENDED"].map((state) => isActive(inState(state, "None")))).not.toContain(false);
  expect(["PENDING", "CONFIGURING", "REQUEUED"].map((state) => isActive(inState(state, "None")))).not.toContain(true);
  expect(whyPending(inState("PENDING", "QOSMaxJobsPerUserLimit"))).toBe("QOSMaxJobsPerUserLimit");
  expect(whyPending(inState("PENDING", "None"))).toBe("Slurm has not looked at it yet");
  expect(whyPending(inState("REQUEUE_HOLD", "JobHoldMaxRequeue"))).toBe("REQUEUE_HOLD (JobHoldMaxRequeue)");
});
