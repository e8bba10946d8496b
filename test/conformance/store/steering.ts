import { expect, test } from "vitest";
import type { Mark } from "../../../src/core/page.ts";
import type { AttemptId, JobId } from "../../../src/core/run.ts";
import { selectAttemptsOfRun } from "../../../src/store/attempts.ts";
import { selectResultPage } from "../../../src/store/run_page.ts";
import { selectRun } from "../../../src/store/runs.ts";
import { aStore, NOW, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

export function steering(kind: Kind): void {
  test("cancelling a job cancels what waits and leaves what runs", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 5 });
    await yard.assign(id, 2);
    expect(await yard.cancel(id)).toBe(3);
    expect(await yard.cancel(id)).toBe(0);
    expect(await yard.statuses(id)).toEqual(["starting", "starting", "cancelled", "cancelled", "cancelled"]);
    expect(await yard.counts(id)).toEqual({ running: 2, cancelled: 3 });
    expect((await yard.job(id)).endedAt).toBeNull();
  });

  test("cancelling all that is left ends the job", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2 });
    await yard.finish(id);
    expect(await yard.cancel(id)).toBe(1);
    expect((await yard.job(id)).endedAt).toBe(NOW + 3);
  });

  test("a range is cancelled as far as it waits, made or not", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 3000 });
    await yard.assign(id, 1);
    expect(await yard.cancel(id, { first: 1, last: 3 })).toBe(2);
    expect(await yard.cancel(id, { first: 990, last: 1010 })).toBe(21);
    expect(await yard.cancel(id, { first: 1000, last: 1020 })).toBe(10);
    expect(await yard.cancel(id, { first: 2999, last: 5000 })).toBe(2);
    expect(await yard.counts(id)).toEqual({ running: 1, cancelled: 35, queued: 2964 });
    const statuses = await yard.statuses(id);
    expect(statuses.filter((status) => status === "cancelled")).toHaveLength(35);
    expect(statuses.filter((status) => status === "queued")).toHaveLength(2964);
    expect(await selectRun(yard.store.read, id, 1005)).toMatchObject({ status: "cancelled", ended_at: NOW + 3 });
  });

  test("runs that were cancelled before they had rows are like those that had", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 1500 });
    expect(await yard.cancel(id)).toBe(1500);
    expect((await yard.job(id)).endedAt).toBe(NOW + 3);
    const rows = (await yard.runs(id)).map(({ status, cause_json, ended_at }) => ({ status, cause_json, ended_at }));
    expect(rows).toEqual(Array(1500).fill({ status: "cancelled", cause_json: null, ended_at: NOW + 3 }));
  });

  test("a range of a job that was cancelled before it was made is cancelled already", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 1500 });
    await yard.assign(id);
    await yard.cancel(id);
    await yard.retry(id, ["cancelled"], { first: 1, last: 10 });
    expect(await yard.cancel(id, { first: 5, last: 1500 })).toBe(6);
    expect(await yard.counts(id)).toEqual({ running: 1, queued: 3, cancelled: 1496 });
  });

  test("cancelling a hundred thousand runs takes a moment", { timeout: 30_000 }, async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 1_000_000 });
    expect(await yard.cancel(id, { first: 500_000, last: 600_000 })).toBe(100_001);
    expect(await yard.counts(id)).toEqual({ queued: 899_999, cancelled: 100_001 });
  });

  test("a retry queues what failed, anew, with all of its retries", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 3 });
    await yard.finish(id, 0);
    await yard.finish(id, 1);
    await yard.cancel(id);
    expect(await yard.retry(id, ["failed"])).toBe(1);
    expect(await yard.statuses(id)).toEqual(["succeeded", "queued", "cancelled"]);
    expect(await selectRun(yard.store.read, id, 2)).toMatchObject({
      tries: 0,
      attempts: 1,
      cause_json: null,
      exit_code: null,
      started_at: null,
      ended_at: null,
    });
    expect(await yard.job(id)).toMatchObject({ endedAt: null, counts: { queued: 1, succeeded: 1, cancelled: 1 } });
    const [again] = await yard.assign(id);
    expect(again).toMatchObject({ n: 2, id: `${id}.2.2-x` });
    expect(await yard.retry(id, ["failed"])).toBe(0);
  });

  test("a retry reaches runs that ended before they had rows, all or some", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2500 });
    await yard.cancel(id);
    expect(await yard.retry(id, ["failed", "cancelled"], { first: 2000, last: 2009 })).toBe(10);
    expect(await yard.counts(id)).toEqual({ queued: 10, cancelled: 2490 });
    expect(await yard.retry(id, ["failed"])).toBe(0);
    expect(await yard.retry(id, ["failed", "cancelled"])).toBe(2490);
    expect(await yard.counts(id)).toEqual({ queued: 2500 });
    expect((await yard.statuses(id)).every((status) => status === "queued")).toBe(true);
  });

  test("other code is that of the runs retried with it alone, and a further retry returns to what was submitted", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2500 });
    await yard.finish(id, 1);
    await yard.finish(id, 1);
    const code = { snapshot: "today", commit: null };
    expect(await yard.retry(id, ["failed"], { first: 1, last: 1 }, code)).toBe(1);
    const attempts = await yard.assign(id, 2);
    const snapshotOf = async (n: number) => (await selectAttemptsOfRun(yard.store.read, id, n)).at(-1)?.snapshot;
    expect(attempts.map(({ n }) => n)).toEqual([1, 3]);
    expect([await snapshotOf(1), await snapshotOf(3)]).toEqual(["today", null]);
    await yard.start(...attempts.map((attempt) => attempt.id));
    for (const attempt of attempts) await yard.end(attempt.id, 1);
    await yard.cancel(id);
    expect(await yard.retry(id, ["failed"])).toBe(3);
    await yard.assign(id, 1);
    expect(await snapshotOf(1)).toBeNull();
    // Also what has ended before it had a row.
    expect(await yard.retry(id, ["cancelled"], null, code)).toBe(2497);
    expect((await selectRun(yard.store.read, id, 2500))?.code_json).toBe(JSON.stringify(code));
  });

  test("results are sorted by their numbers, and what is none comes last", async () => {
    const yard = await aStore(kind);
    const results = [
      { accuracy: 0.5 },
      { accuracy: "NaN" },
      { accuracy: 0.9, loss: 1 },
      { other: 1 },
      {},
      { accuracy: -1e300 },
    ];
    const id = await aSweepWith(yard, [...results, { accuracy: true }, { accuracy: 10 }, { accuracy: 0.5 }]);
    const sorted = async (key: string, descending: boolean) =>
      (await selectResultPage(yard.store.read, all(id), { key, descending, after: null, limit: 100 })).map(
        (run) => run.n,
      );
    expect(await sorted("accuracy", true)).toEqual([8, 3, 1, 9, 6, 2, 4, 7]);
    expect(await sorted("accuracy", false)).toEqual([6, 1, 9, 3, 8, 2, 4, 7]);
    expect(await sorted("absent", true)).toEqual([1, 2, 3, 4, 6, 7, 8, 9]);
    for (const limit of [1, 2, 3, 5]) {
      const seen: number[] = [];
      for (let after: Mark | null = null; seen.length < 8; ) {
        const page: Awaited<ReturnType<typeof selectResultPage>> = await selectResultPage(yard.store.read, all(id), {
          key: "accuracy",
          descending: true,
          after,
          limit,
        });
        for (const { n, value } of page) {
          seen.push(n);
          after = { value, id: n };
        }
      }
      expect(seen).toEqual([8, 3, 1, 9, 6, 2, 4, 7]);
    }
    const succeeded = { job: id, statuses: ["succeeded" as const] };
    expect(
      await selectResultPage(yard.store.read, succeeded, { key: "accuracy", descending: true, after: null, limit: 9 }),
    ).toEqual([]);
  });

  test("any name of a result can be sorted by", async () => {
    const yard = await aStore(kind);
    const names = ['a"b', "c.d", "e\\f", "", "é", "$x", "[0]", "it's", "0", "\0n"];
    const id = await aSweepWith(yard, [
      Object.fromEntries(names.map((name) => [name, 1])),
      { [names[0] as string]: 2 },
    ]);
    for (const key of names) {
      const [best] = await selectResultPage(yard.store.read, all(id), { key, descending: true, after: null, limit: 1 });
      expect([key, best?.n]).toEqual([key, key === names[0] ? 2 : 1]);
    }
  });

  test("a result that changes is sorted by what it is now", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 2, retries: 1 });
    const [first, second] = await yard.assign(id, 2);
    await yard.observe(first?.id as AttemptId, { accuracy: 0.9 });
    await yard.observe(second?.id as AttemptId, { accuracy: 0.5 });
    const sorted = async () =>
      (
        await selectResultPage(yard.store.read, all(id), { key: "accuracy", descending: true, after: null, limit: 9 })
      ).map((run) => run.n);
    expect(await sorted()).toEqual([1, 2]);
    await yard.observe(first?.id as AttemptId, { accuracy: "NaN" });
    expect(await sorted()).toEqual([2, 1]);
    await yard.observe(first?.id as AttemptId, { accuracy: 0.95 });
    await yard.end(first?.id as AttemptId, 1);
    await yard.assign(id);
    expect(await sorted()).toEqual([2]);
  });
}

function all(job: JobId) {
  return { job, statuses: null };
}

async function aSweepWith(yard: Steered, results: Record<string, unknown>[]) {
  const id = await yard.submit({ total: results.length });
  const attempts = await yard.assign(id, results.length);
  for (const [index, attempt] of attempts.entries()) await yard.observe(attempt.id, results[index] ?? {});
  return id;
}
