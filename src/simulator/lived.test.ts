import { expect, test } from "vitest";
import { figuresOf } from "./figures.ts";
import { livedJobs, livedTimeline, type PastJob } from "./lived.ts";

const T = 1_700_000_000;

/** A run of job 1 that held one GPU, by seconds after T. */
function past(id: string, couldStart: number, tries: [number, number][], said: Partial<PastJob> = {}): PastJob {
  return {
    id,
    job: "1",
    atMost: null,
    user: "ada",
    priority: 30,
    gpus: 1,
    couldStartAt: T + couldStart,
    preemptions: tries.length - 1,
    tries: tries.map(([startedAt, endedAt]) => ({ startedAt: T + startedAt, endedAt: T + endedAt })),
    ...said,
  };
}

test("what happened is told as a simulation would tell of it, from the first submission on", () => {
  const lived = livedJobs([past("1.2", 20, [[50, 80]]), past("1.1", 10, [[10, 40]], { gpus: 2 })]);
  expect(lived.map(({ job, startedAt, endedAt }) => [job.id, job.submittedAt, startedAt, endedAt])).toEqual([
    ["1.1", 0, 0, 30],
    ["1.2", 10, 40, 70],
  ]);
  expect(figuresOf(lived, 2)).toMatchObject({
    jobs: 2,
    averageCompletionSeconds: 45,
    medianCompletionSeconds: 45,
    averageQueueingSeconds: 15,
    medianQueueingSeconds: 15,
    makespanSeconds: 70,
    preemptions: 0,
    utilization: 90 / 140,
  });
});

test("a run that was stopped and went on waits in between, and holds its GPUs only while it has them", () => {
  const lived = livedJobs([
    past("1.1", 0, [
      [0, 10],
      [40, 60],
    ]),
  ]);
  expect(lived).toMatchObject([{ job: { durationSeconds: 30 }, startedAt: 0, endedAt: 60, preemptions: 1 }]);
  expect(figuresOf(lived, 1).averageQueueingSeconds).toBe(30);
  expect(livedTimeline(lived)).toEqual({ at: [0, 10, 40, 60], held: [1, 0, 1, 0], waiting: [0, 1, 0, 0] });
});

test("a run that its own job kept waiting has not waited for GPUs so long", () => {
  const runs: [string, [number, number]][] = [
    ["1.1", [0, 10]],
    ["1.2", [0, 30]],
    ["1.3", [12, 50]],
    ["1.4", [35, 60]],
  ];
  const submissions = (atMost: number | null) =>
    livedJobs(runs.map(([id, held]) => past(id, 0, [held], { atMost }))).map(({ job }) => job.submittedAt);
  expect(submissions(2)).toEqual([0, 0, 10, 30]);
  expect(submissions(null)).toEqual([0, 0, 0, 0]);
});

test("times are whole seconds, and no run takes none or ends before it has run", () => {
  const lived = livedJobs([past("1.1", 0.4, [[0.45, 0.5]]), past("1.2", 0.6, [[1.4, 3.6]])]);
  expect(
    lived.map(({ job, startedAt, endedAt }) => [job.submittedAt, job.durationSeconds, startedAt, endedAt]),
  ).toEqual([
    [0, 1, 0, 1],
    [0, 2, 1, 3],
  ]);
});
