import { expect, test } from "vitest";
import type { AttemptId, JobId } from "../../../src/core/run.ts";
import { selectAttempt, wantStops } from "../../../src/store/attempts.ts";
import { recordEnds, recordObserved, recordPeaks, recordStarts } from "../../../src/store/reports.ts";
import { selectRun } from "../../../src/store/runs.ts";
import { anEnd, aStore, NOW, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

async function aRunning(yard: Steered, said: Parameters<Steered["submit"]>[0] = {}) {
  const job = await yard.submit(said);
  const [attempt] = await yard.assign(job);
  if (!attempt) throw new Error("its run waits");
  await yard.start(attempt.id);
  return { job, attempt: attempt.id };
}

function run(yard: Steered, job: JobId) {
  return selectRun(yard.store.read, job, 1);
}

export function reporting(kind: Kind): void {
  test("a start makes the run running, and said twice it counts once", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const [attempt] = await yard.assign(await yard.submit());
    const id = attempt?.id as AttemptId;
    const starts = [
      { attempt: id, at: NOW + 1 },
      { attempt: "7.7.7-x" as AttemptId, at: NOW },
    ];
    expect(await store.write((db) => recordStarts(db, starts))).toEqual([{ job: 1, n: 1, attempt: id }]);
    expect(await store.write((db) => recordStarts(db, [{ attempt: id, at: NOW + 9 }]))).toEqual([]);
    expect(await run(yard, 1 as JobId)).toMatchObject({ status: "running", started_at: NOW + 1, machine: "lab1" });
    expect(await yard.counts(1 as JobId)).toEqual({ running: 1 });
  });

  test("an end is kept with all that is said of it, and said twice it counts once", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const { job, attempt } = await aRunning(yard, { total: 2 });
    const end = anEnd(attempt, { kind: "signalled", signal: 9 }, { memoryPeakBytes: 2 ** 40, gpuMemoryPeakBytes: 5.4 });
    const recorded = await store.write((db) => recordEnds(db, [end, end], NOW + 5));
    expect(recorded).toEqual({
      settled: [],
      touched: [{ job, n: 1, attempt }],
      jobs: [job],
      endedJobs: [],
      stopping: [],
    });
    expect(await store.write((db) => recordEnds(db, [anEnd(attempt)], NOW + 9))).toMatchObject({ touched: [] });
    await yard.start(attempt);
    expect(await run(yard, job)).toMatchObject({
      status: "failed",
      exit_code: 137,
      cause_json: '{"code":"signal","signal":9}',
      started_at: NOW + 1,
      ended_at: NOW + 2,
      tries: 1,
    });
    expect(await selectAttempt(store.read, attempt)).toMatchObject({
      status: "ended",
      ending_json: '{"kind":"signalled","signal":9}',
      output_json: end.output,
      memory_peak_bytes: 2 ** 40,
      gpu_memory_peak_bytes: 5,
      stop_reason: null,
    });
    expect(await yard.counts(job)).toEqual({ queued: 1, failed: 1 });
  });

  test("the end of its last run ends the job", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard, { total: 2 });
    await yard.end(attempt);
    expect((await yard.job(job)).endedAt).toBeNull();
    const [last] = await yard.assign(job);
    const recorded = await yard.store.write((db) => recordEnds(db, [anEnd(last?.id as AttemptId)], NOW + 7));
    expect(recorded.endedJobs).toEqual([job]);
    expect((await yard.job(job)).endedAt).toBe(NOW + 7);
  });

  test("many reports of many jobs are kept together, those of unknown attempts left out", async () => {
    const yard = await aStore(kind);
    const { store } = yard;
    const jobs = [await yard.submit({ total: 30 }), await yard.submit({ total: 30 })];
    const given = [...(await yard.assign(jobs[0] as JobId, 30)), ...(await yard.assign(jobs[1] as JobId, 20))];
    const ids = given.map((attempt) => attempt.id);
    await store.write((db) =>
      recordStarts(
        db,
        ids.map((attempt) => ({ attempt, at: NOW })),
      ),
    );
    const ends = [...ids, "9.9.9-x" as AttemptId].map((attempt, i) => anEnd(attempt, i % 2));
    const recorded = await store.write((db) => recordEnds(db, ends, NOW + 7));
    expect(recorded.touched).toHaveLength(50);
    expect(recorded.endedJobs).toEqual([jobs[0]]);
    expect(await yard.counts(jobs[0] as JobId)).toEqual({ succeeded: 15, failed: 15 });
    expect(await yard.counts(jobs[1] as JobId)).toEqual({ queued: 10, succeeded: 10, failed: 10 });
  });

  test("a failed run waits again as often as its retries allow, with its cause", async () => {
    const yard = await aStore(kind);
    const job = await yard.submit({ retries: 1 });
    await yard.finish(job, 3);
    expect(await run(yard, job)).toMatchObject({
      status: "queued",
      cause_json: '{"code":"exit_code","exitCode":3}',
      ended_at: null,
      tries: 1,
      attempts: 1,
    });
    await yard.finish(job, 4);
    expect(await run(yard, job)).toMatchObject({ status: "failed", exit_code: 4, tries: 2, attempts: 2 });
    expect(await yard.counts(job)).toEqual({ failed: 1 });
  });

  test("what never began is no try", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard);
    await yard.end(attempt, { kind: "never_began" }, { startedAt: null });
    expect(await run(yard, job)).toMatchObject({ status: "queued", tries: 0, attempts: 0, exit_code: null });
    await yard.finish(job);
    expect(await run(yard, job)).toMatchObject({ status: "succeeded", tries: 1, attempts: 1, cause_json: null });
  });

  test("a cancelled run does not come back, whatever else ended it", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard, { retries: 5, timeLimitMs: 10, resumable: true });
    const stop = (reason: "preempted" | "cancelled") =>
      yard.store.write((db) => wantStops(db, [{ job, range: null }], reason, 0));
    await stop("preempted");
    await stop("cancelled");
    await yard.end(attempt, { kind: "signalled", signal: 15 }, { timeLimitMs: 10 });
    expect(await run(yard, job)).toMatchObject({ status: "cancelled", cause_json: null });
    expect(await yard.counts(job)).toEqual({ cancelled: 1 });
  });

  test("a run that made room for another one waits again, and that was no try; only a resumable one can be asked to", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard, { resumable: true });
    const other = await aRunning(yard);
    const preempt = (job: JobId) => yard.store.write((db) => wantStops(db, [{ job, range: null }], "preempted", 500));
    expect(await preempt(other.job)).toEqual([]);
    expect(await preempt(job)).toHaveLength(1);
    // Whatever its code: it has saved its state and left.
    await yard.end(attempt, 0);
    expect(await run(yard, job)).toMatchObject({ status: "queued", tries: 0, attempts: 1, cause_json: null });
    const [again] = await yard.assign(job);
    expect(await selectAttempt(yard.store.read, again?.id as AttemptId)).toMatchObject({
      previous_id: attempt,
      try: 2,
    });
    await yard.start(again?.id as AttemptId);
    await yard.end(again?.id as AttemptId, 3);
    expect(await run(yard, job)).toMatchObject({ status: "failed", tries: 1, attempts: 2 });
  });

  test("a time limit is told as the cause", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard, { timeLimitMs: 10 });
    await yard.end(attempt, { kind: "signalled", signal: 15 }, { timeLimitMs: 10 });
    expect(await run(yard, job)).toMatchObject({ status: "failed", cause_json: '{"code":"time_limit","limitMs":10}' });
    expect(await selectAttempt(yard.store.read, attempt)).toMatchObject({ stop_reason: "time_limit" });
  });

  test("an end that knows no start keeps the one that was reported", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard);
    await yard.end(attempt, { kind: "lost", detail: "the machine was rebooted" }, { startedAt: null });
    expect(await run(yard, job)).toMatchObject({ status: "failed", started_at: NOW + 1, exit_code: null });
  });

  test("the last values win, key by key, also within one report", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard);
    const none = { attempt, progress: null, metrics: {}, result: {} };
    await yard.store.write((db) =>
      recordObserved(db, [
        { ...none, metrics: { loss: 0.5, lr: 1 }, progress: { done: 1, of: 10 } },
        { ...none, metrics: { loss: "NaN" }, result: { accuracy: 0.9 } },
      ]),
    );
    const touched = await yard.store.write((db) => recordObserved(db, [{ ...none, metrics: { lr: 2 } }]));
    expect(touched).toEqual([{ job, n: 1, attempt }]);
    expect(await run(yard, job)).toMatchObject({
      progress_json: '{"done":1,"of":10}',
      metrics_json: '{"loss":"NaN","lr":2}',
      result_json: '{"accuracy":0.9}',
    });
    expect(await yard.store.write((db) => recordObserved(db, []))).toEqual([]);
  });

  test("what an attempt has held at most only rises, and its end may know less of it than was reported before", async () => {
    const yard = await aStore(kind);
    const { attempt } = await aRunning(yard);
    const held = (memoryPeakBytes: number | null, gpuMemoryPeakBytes: number | null) =>
      yard.store.write((db) => recordPeaks(db, [{ attempt, memoryPeakBytes, gpuMemoryPeakBytes }]));
    const known = async () => {
      const row = await selectAttempt(yard.store.read, attempt);
      return [row?.memory_peak_bytes, row?.gpu_memory_peak_bytes];
    };
    await held(null, null);
    expect(await known()).toEqual([null, null]);
    await held(2 ** 40, null);
    await held(5, 7.2);
    expect(await known()).toEqual([2 ** 40, 7]);
    await yard.end(attempt, 0, { memoryPeakBytes: 6, gpuMemoryPeakBytes: 8 });
    expect(await known()).toEqual([2 ** 40, 8]);
    await held(2 ** 41, 9);
    expect(await known()).toEqual([2 ** 40, 8]);
  });

  test("whatever text a run says is kept, but for what no database can", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard);
    await yard.observe(attempt, {
      "a\0b": "x\0y\ud800z",
      quoted: `"'\\u0000 $.x`,
      é: "\u{1F600}",
      big: 1e300,
      no: null,
    });
    const result = JSON.parse((await run(yard, job))?.result_json ?? "");
    expect(result).toEqual({ ab: "xy\ufffdz", quoted: `"'\\u0000 $.x`, é: "\u{1F600}", big: 1e300, no: null });
  });

  test("a new attempt starts with a clean sheet, and an old one's late words are not mixed in", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard, { retries: 1 });
    await yard.observe(attempt, { accuracy: 0.1 });
    await yard.end(attempt, 1);
    const [again] = await yard.assign(job);
    expect(await run(yard, job)).toMatchObject({
      result_json: null,
      cause_json: null,
      exit_code: null,
      started_at: null,
    });
    await yard.observe(attempt, { accuracy: 0.2 });
    expect(await run(yard, job)).toMatchObject({ result_json: null, attempt_id: again?.id });
    await yard.observe(again?.id as AttemptId, { loss: 2 });
    expect(await run(yard, job)).toMatchObject({ result_json: '{"loss":2}' });
  });

  test("the end of an attempt that the run has moved on from changes the attempt alone", async () => {
    const yard = await aStore(kind);
    const { job, attempt } = await aRunning(yard);
    await yard.store.write((db) =>
      db
        .updateTable("run")
        .set({ attempt_id: "other" as AttemptId })
        .execute(),
    );
    await yard.end(attempt, 1);
    expect(await run(yard, job)).toMatchObject({ status: "running" });
    expect(await yard.counts(job)).toEqual({ running: 1 });
    expect(await selectAttempt(yard.store.read, attempt)).toMatchObject({ status: "ended" });
  });
}
