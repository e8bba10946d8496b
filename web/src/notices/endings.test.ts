import { expect, test } from "vitest";
import type { Job } from "../../../src/api/job.ts";
import { openEndings } from "./endings.ts";

const NOON = Date.parse("2026-11-27T12:00:00.000Z");

function aJob(said: Partial<Job> = {}): Job {
  const runs = { total: 3, queued: 0, running: 0, succeeded: 2, failed: 1, cancelled: 0, skipped: 0 };
  return {
    id: 12,
    name: "train",
    user: "ada",
    status: "failed",
    endedAt: "2026-11-27T12:00:01.000Z",
    runs,
    ...said,
  } as Job;
}

test("the end of one's own job is shown once, and again after a retry", () => {
  const endings = openEndings("ada", NOON);
  expect(endings.hear(aJob({ endedAt: null, status: "running" }))).toBeNull();
  expect(endings.hear(aJob())).toEqual({
    tag: "job 12 2026-11-27T12:00:01.000Z",
    title: "Job 12 failed: train",
    body: "Of 3 runs: 2 succeeded, 1 failed.",
    to: "/jobs/12",
  });
  expect(endings.hear(aJob({ priority: 7 }))).toBeNull();
  expect(endings.hear(aJob({ endedAt: null }))).toBeNull();
  expect(endings.hear(aJob({ endedAt: "2026-11-27T12:05:00.000Z" }))).not.toBeNull();
});

test("nothing is shown of others' jobs, nor of what ended before anybody listened", () => {
  const endings = openEndings("ada", NOON);
  expect(endings.hear(aJob({ user: "bob" }))).toBeNull();
  expect(endings.hear(aJob({ endedAt: "2026-11-27T11:59:59.000Z" }))).toBeNull();
});

test("a name is shown without what would turn it round", () => {
  expect(openEndings("ada", NOON).hear(aJob({ name: "x\u202e\u001b[31my\nz" }))?.title).toBe("Job 12 failed: xy z");
});
