import { expect, test } from "vitest";
import type { JobId } from "../../../src/core/run.ts";
import {
  countWork,
  extendJob,
  insertJob,
  makeNextRuns,
  makeRuns,
  pauseJobs,
  selectJobs,
  selectLastJobId,
  selectLines,
  selectOpenJobIds,
  selectUnmadeJob,
  selectWaitingJobs,
  setJob,
} from "../../../src/store/jobs.ts";
import { selectRun } from "../../../src/store/runs.ts";
import { aJob, aStore, NOW, yardsTogether } from "./a_store.ts";
import type { Kind } from "./place.ts";

export function submitting(kind: Kind): void {
  test("a job comes back as it was submitted", async () => {
    const yard = await aStore(kind);
    const said = {
      name: "größer \u{1F600} 'x'",
      priority: -5,
      paused: true,
      total: 3,
      tags: ["a", 'b"c'],
      retries: 2,
      timeLimitMs: 9_000_000_000,
      atMost: 7,
      resumable: true,
      demand: { gpus: 2, cpus: 4, memoryBytes: 2 ** 41 },
    };
    const id = await yard.submit(said);
    const { name, priority, paused, tags, retries, timeLimitMs, atMost, resumable, demand, counts } =
      await yard.job(id);
    const total = counts.total;
    expect({ name, priority, paused, tags, retries, timeLimitMs, atMost, resumable, demand, total }).toEqual(said);
    expect(await yard.counts(id)).toEqual({ queued: 3 });
    expect((await yard.job(id)).submittedAt).toBe(NOW);
  });

  test("jobs that are submitted at once, also to several yards, are numbered apart", async () => {
    const yards = await yardsTogether(kind);
    const jobs = await Promise.all(
      Array.from({ length: 40 }, (_, i) => (yards[i % yards.length] ?? yards[0]).submit()),
    );
    expect(jobs.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  test("the lines of a batch keep their order and every character", async () => {
    const yard = await aStore(kind);
    const lines = Array.from({ length: 2500 }, (_, i): [number, string] => [i * 2 + 1, `echo "${i}"  \\t 'é'`]);
    const id = await yard.submit({ work: { kind: "lines", lines }, total: lines.length });
    expect(await selectLines(yard.store.read, id)).toEqual(lines);
  });

  test("the first runs of a sweep have rows at once, the others slice by slice, each once", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 3500 });
    const { store } = yard;
    expect(await selectRun(store.read, id, 1000)).not.toBeNull();
    expect(await selectRun(store.read, id, 1001)).toBeNull();
    await store.write((db) => makeRuns(db, store.dialect, id, 2000, 2010));
    await store.write((db) => makeRuns(db, store.dialect, id, 3499, 9999));
    expect(await selectUnmadeJob(store.read)).toBe(id);
    const left: number[] = [];
    do left.push(await store.write((db) => makeNextRuns(db, store.dialect, id, 1000)));
    while (left.at(-1) !== 0);
    expect(left).toEqual([1500, 500, 0]);
    expect(await selectUnmadeJob(store.read)).toBeNull();
    expect((await yard.runs(id)).map((run) => run.n)).toEqual(Array.from({ length: 3500 }, (_, i) => i + 1));
    expect(await yard.counts(id)).toEqual({ queued: 3500 });
  });

  test("a million runs are accepted and named at once", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 1_000_000 });
    expect(await yard.counts(id)).toEqual({ queued: 1_000_000 });
    await yard.store.write((db) => makeRuns(db, yard.store.dialect, id, 777_777, 777_777));
    expect(await selectRun(yard.store.read, id, 777_777)).toMatchObject({ status: "queued", attempts: 0 });
  });

  test("an extended job has more runs to come, and is open again", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit();
    await yard.finish(id);
    expect((await yard.job(id)).endedAt).not.toBeNull();
    await yard.store.write((db) => extendJob(db, yard.store.dialect, id, "[1]", 2));
    expect(await yard.statuses(id)).toEqual(["succeeded", "queued", "queued"]);
    expect(await yard.job(id)).toMatchObject({ endedAt: null, spaces: "[1]", counts: { total: 3, queued: 2 } });
  });

  test("extending a sweep that was cancelled before it was made brings back none of it", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2000 });
    await yard.cancel(id);
    await yard.store.write((db) => extendJob(db, yard.store.dialect, id, "[]", 1500));
    expect(await yard.counts(id)).toEqual({ cancelled: 2000, queued: 1500 });
    const statuses = await yard.statuses(id);
    expect(statuses.slice(0, 2000).every((status) => status === "cancelled")).toBe(true);
    expect(statuses.slice(2000).every((status) => status === "queued")).toBe(true);
  });

  test("what is set of a job changes alone", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ atMost: 3, timeLimitMs: 5 });
    await yard.store.write((db) => setJob(db, id, { priority: 50, atMost: null }));
    await yard.store.write((db) => setJob(db, id, {}));
    await yard.store.write((db) => pauseJobs(db, [id], true));
    await yard.store.write((db) => pauseJobs(db, [], false));
    expect(await yard.job(id)).toMatchObject({
      priority: 50,
      atMost: null,
      timeLimitMs: 5,
      name: "true",
      paused: true,
    });
  });

  test("what there is to do is counted over the open jobs", async () => {
    const yard = await aStore(kind);
    expect(await countWork(yard.store.read)).toEqual({ jobs: 0, queued: 0, running: 0 });
    const a = await yard.submit({ total: 5 });
    const b = await yard.submit({ total: 2 });
    await yard.finish(await yard.submit());
    await yard.assign(a, 2);
    await yard.assign(b, 2);
    expect(await countWork(yard.store.read)).toEqual({ jobs: 2, queued: 3, running: 4 });
    expect((await selectWaitingJobs(yard.store.read)).map((job) => job.id)).toEqual([a]);
    expect(await selectOpenJobIds(yard.store.read)).toEqual([a, b]);
    expect(await selectLastJobId(yard.store.read)).toBe(3);
  });

  test("as many jobs can be named at once as there are", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit();
    const many = Array.from({ length: 70_000 }, (_, i) => i + 1);
    expect((await selectJobs(yard.store.read, many)).map((job) => job.id)).toEqual([id]);
  });

  test("a job that waits twice for another one waits for it once", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit();
    const after = [
      { job: cause, any: true },
      { job: cause, any: false },
    ];
    const id = await yard.store.write((db) => insertJob(db, yard.store.dialect, aJob({ after }), NOW));
    expect((await yard.job(id)).waitingFor).toBe(1);
    await yard.finish(cause, 1);
    expect(await yard.statuses(id as JobId)).toEqual(["failed"]);
  });
}
