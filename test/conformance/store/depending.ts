import { expect, test } from "vitest";
import { selectAfter } from "../../../src/store/dependencies.ts";
import { extendJob } from "../../../src/store/jobs.ts";
import { selectRun } from "../../../src/store/runs.ts";
import { aStore } from "./a_store.ts";
import type { Kind } from "./place.ts";

const causeText = (job: number) => JSON.stringify({ code: "dependency_failed", job });

export function depending(kind: Kind): void {
  test("a job waits for another one's success", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit({ total: 2 });
    const id = await yard.submit({ after: [{ job: cause, any: false }] });
    expect((await yard.job(id)).waitingFor).toBe(1);
    await yard.finish(cause);
    expect((await yard.job(id)).waitingFor).toBe(1);
    await yard.finish(cause);
    expect((await yard.job(id)).waitingFor).toBe(0);
    expect((await selectAfter(yard.store.read, [id])).get(id)).toEqual([{ job: cause, any: false, met: true }]);
  });

  test("a job that comes after one that has ended need not wait, or cannot be", async () => {
    const yard = await aStore(kind);
    const [good, bad] = [await yard.submit(), await yard.submit()];
    await yard.finish(good);
    await yard.finish(bad, 1);
    const first = await yard.submit({ after: [{ job: good, any: false }] });
    const second = await yard.submit({ after: [{ job: bad, any: false }] });
    const third = await yard.submit({ after: [{ job: bad, any: true }] });
    expect((await yard.job(first)).waitingFor).toBe(0);
    expect(await yard.counts(second)).toEqual({ failed: 1 });
    expect(await yard.job(third)).toMatchObject({ waitingFor: 0, counts: { queued: 1 } });
  });

  test("a failure ends those that wait for it, and those that wait for them, made or not", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit({ total: 2 });
    const second = await yard.submit({ total: 1500, after: [{ job: cause, any: false }] });
    const third = await yard.submit({ after: [{ job: second, any: false }] });
    const any = await yard.submit({ after: [{ job: second, any: true }] });
    await yard.finish(cause, 0);
    await yard.finish(cause, 1);
    expect(await yard.counts(second)).toEqual({ failed: 1500 });
    expect(new Set((await yard.runs(second)).map((run) => run.cause_json))).toEqual(new Set([causeText(cause)]));
    expect(new Set((await yard.runs(second)).map((run) => run.ended_at)).has(null)).toBe(false);
    expect(await selectRun(yard.store.read, third, 1)).toMatchObject({
      status: "failed",
      cause_json: causeText(second),
    });
    expect((await yard.job(third)).endedAt).not.toBeNull();
    expect(await yard.job(any)).toMatchObject({ waitingFor: 0, counts: { queued: 1 } });
  });

  test("cancelling the cause fails those that wait for its success", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit();
    const id = await yard.submit({ after: [{ job: cause, any: false }] });
    await yard.cancel(cause);
    expect(await yard.counts(id)).toEqual({ failed: 1 });
  });

  test("a retry of the cause brings exactly those back, through the whole chain", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit();
    const second = await yard.submit({ total: 2500, after: [{ job: cause, any: false }] });
    const third = await yard.submit({ total: 3, after: [{ job: second, any: false }] });
    await yard.cancel(second, { first: 1, last: 2 });
    await yard.cancel(second, { first: 2400, last: 2400 });
    await yard.finish(cause, 1);
    expect(await yard.counts(second)).toEqual({ failed: 2497, cancelled: 3 });
    await yard.retry(cause);
    expect(await yard.counts(second)).toEqual({ queued: 2497, cancelled: 3 });
    expect(await yard.job(second)).toMatchObject({ waitingFor: 1, endedAt: null });
    expect(await yard.counts(third)).toEqual({ queued: 3 });
    const statuses = await yard.statuses(second);
    expect(statuses.flatMap((status, index) => (status === "cancelled" ? [index + 1] : []))).toEqual([1, 2, 2400]);
    await yard.finish(cause, 0);
    expect((await yard.job(second)).waitingFor).toBe(0);
    expect((await yard.job(third)).waitingFor).toBe(1);
  });

  test("a job with two failed causes comes back only when both are retried", async () => {
    const yard = await aStore(kind);
    const causes = [await yard.submit(), await yard.submit()] as const;
    const id = await yard.submit({ total: 2, after: causes.map((job) => ({ job, any: false })) });
    const last = await yard.submit({ after: [{ job: id, any: false }] });
    for (const cause of causes) await yard.finish(cause, 1);
    expect(await selectRun(yard.store.read, id, 1)).toMatchObject({ cause_json: causeText(causes[0]) });
    await yard.retry(causes[0]);
    expect(await selectRun(yard.store.read, id, 1)).toMatchObject({
      status: "failed",
      cause_json: causeText(causes[1]),
    });
    expect(await yard.counts(last)).toEqual({ failed: 1 });
    await yard.retry(causes[1]);
    expect(await yard.job(id)).toMatchObject({ waitingFor: 2, counts: { queued: 2 } });
    expect(await yard.counts(last)).toEqual({ queued: 1 });
    for (const cause of causes) await yard.finish(cause, 0);
    expect((await yard.job(id)).waitingFor).toBe(0);
  });

  test("while its dependency has failed a job cannot be retried, and what is added to it has failed too", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit();
    const id = await yard.submit({ after: [{ job: cause, any: false }] });
    await yard.finish(cause, 1);
    expect(await yard.retry(id)).toBe(0);
    await yard.store.write((db) => extendJob(db, yard.store.dialect, id, "[]", 1200));
    expect(await yard.job(id)).toMatchObject({ counts: { failed: 1201, queued: 0 } });
    expect((await yard.job(id)).endedAt).not.toBeNull();
    expect(new Set((await yard.runs(id)).map((run) => run.cause_json))).toEqual(new Set([causeText(cause)]));
    await yard.retry(cause);
    expect(await yard.counts(id)).toEqual({ queued: 1201 });
  });

  test("cancelling a job that its dependency has failed changes nothing", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit();
    const id = await yard.submit({ total: 1500, after: [{ job: cause, any: false }] });
    await yard.finish(cause, 1);
    expect(await yard.cancel(id)).toBe(0);
    expect(new Set(await yard.statuses(id))).toEqual(new Set(["failed"]));
  });
}
