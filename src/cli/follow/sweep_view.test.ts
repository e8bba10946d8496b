import pc from "picocolors";
import { expect, test } from "vitest";
import type { Job } from "../../api/job.ts";
import type { Run } from "../../api/run.ts";
import { estimateMs, sweepLines } from "./sweep_view.ts";

const plain = pc.createColors(false);

function aJob(runs: Partial<Job["runs"]>): Job {
  const counts = { total: 10, queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0, skipped: 0, ...runs };
  return { id: 12, paused: false, runs: counts } as Job;
}

function aRunning(n: number, done: number): [number, Run] {
  const run = {
    id: `12.${n}`,
    status: "running",
    paramsText: { lr: "0.1" },
    progress: { done, of: 10 },
    metrics: { loss: 0.5 },
  };
  return [n, run as unknown as Run];
}

test("the live area has a line per running run, and the bar with counts, time left and the best so far", () => {
  const best = { id: "12.3", paramsText: { lr: "0.01" }, result: { accuracy: 0.97 } } as unknown as Run;
  const job = aJob({ queued: 4, running: 2, succeeded: 3, failed: 1 });
  const running = new Map([aRunning(5, 4), aRunning(6, 6)]);
  expect(sweepLines({ job, running, best, etaMs: 12_300 }, { columns: 120, rows: 24 }, plain)).toEqual([
    "● 12.5  lr=0.1  ████░░░░░░  40 %  loss=0.5",
    "● 12.6  lr=0.1  ██████░░░░  60 %  loss=0.5",
    "★ best accuracy=0.97  12.3  lr=0.01",
    "███████████████░░░░░░░░░░░░░░░ 50 %  4/10 · 1 failed · 2 running · ETA 12s",
  ]);
});

test("a small terminal is not overrun, and says how many runs it does not show", () => {
  const running = new Map(Array.from({ length: 50 }, (_, i) => aRunning(i + 1, 1)));
  const job = aJob({ total: 100, running: 60, queued: 40 });
  const lines = sweepLines({ job, running, best: null, etaMs: null }, { columns: 40, rows: 8 }, plain);
  expect(lines).toHaveLength(6);
  expect(lines[4]).toBe("  … 56 more running");
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
});

test("on a narrow terminal long parameters give way to the progress", () => {
  const [n, run] = aRunning(5, 4);
  const running = new Map([[n, { ...run, paramsText: { model: "a-very-long-name-of-a-model", lr: "0.1" } }]]);
  const [line] = sweepLines(
    { job: aJob({ running: 1 }), running, best: null, etaMs: null },
    { columns: 50, rows: 9 },
    plain,
  );
  expect(line).toBe("● 12.5  model=a-very…  ████░░░░░░  40 %  loss=0.5");
});

test("the time left follows from the pace so far, shares of running runs included", () => {
  const running = new Map([aRunning(1, 5)]);
  const sight = { job: aJob({ queued: 5, running: 1, succeeded: 4 }), running };
  expect(estimateMs(sight, { at: 0, done: 0 }, 9000)).toBe(11_000);
  expect(estimateMs(sight, { at: 0, done: 4.5 }, 9000)).toBeNull();
});
