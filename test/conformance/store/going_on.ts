import { expect, test } from "vitest";
import type { AttemptId, JobId } from "../../../src/core/run.ts";
import { assignAttempts, selectServed, selectService } from "../../../src/store/attempts.ts";
import { selectTaggedAlike } from "../../../src/store/jobs.ts";
import { ensurePool, selectPools, setPool } from "../../../src/store/pools.ts";
import { selectFinishedSeconds, selectGoingOn, selectRunning } from "../../../src/store/runs.ts";
import { aStore, EPOCH, MACHINE, NOW, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

const slot = { devices: "0", gpus: ["0"], cpus: 0, memoryBytes: 0 };

/** Gives the job's runs places, those with these numbers, or (null) any that has not run. */
async function assign(yard: Steered, job: JobId, ...numbers: (number | null)[]): Promise<(number | null)[]> {
  const starts = numbers.map((n) => {
    return { job, n, resumable: true, workers: [{ machine: MACHINE, slot }], port: null, snapshot: null };
  });
  const id = (job: JobId, n: number, attempt: number) => `${job}.${n}.${attempt}-y` as AttemptId;
  const given = await yard.store.write((db) => assignAttempts(db, yard.store.dialect, starts, EPOCH, id, NOW));
  return given.map(([first]) => first?.n ?? null);
}

/** Runs 1 and 3 of five have made room after 4 and 6 s. */
async function interrupted(kind: Kind): Promise<{ yard: Steered; job: JobId }> {
  const yard = await aStore(kind);
  const job = await yard.submit({ total: 5, resumable: true });
  const given = await yard.assign(job, 3);
  await yard.start(...given.map(({ id }) => id));
  const ofRun = (n: number) => given.find((one) => one.n === n)?.id as AttemptId;
  const said = { isInterrupted: true, startedAt: NOW };
  await yard.end(ofRun(1), 0, { ...said, endedAt: NOW + 4000 });
  await yard.end(ofRun(3), 0, { ...said, endedAt: NOW + 6000 });
  return { yard, job };
}

export function goingOn(kind: Kind): void {
  test("who has made room goes on as itself, and others do not take its place", async () => {
    const { yard, job } = await interrupted(kind);
    const { read } = yard.store;
    const waiting = (await selectGoingOn(read, [job])).sort((a, b) => a.n - b.n);
    expect(waiting).toEqual([
      { job, n: 1, servedMs: 4000 },
      { job, n: 3, servedMs: 6000 },
    ]);
    expect(await assign(yard, job, null, 3, null, null)).toEqual([4, 3, 5, null]);
    expect(await assign(yard, job, 3)).toEqual([null]);
    expect(await selectGoingOn(read, [job])).toEqual([{ job, n: 1, servedMs: 4000 }]);
    expect(await selectServed(read)).toEqual(new Map([["1.3.2-y", 6000]]));
  });

  test("what it has run before is added up, until it is retried as a whole", async () => {
    const { yard, job } = await interrupted(kind);
    await assign(yard, job, 1);
    await yard.end("1.1.2-y" as AttemptId, 0, { isInterrupted: true, startedAt: NOW + 5000, endedAt: NOW + 8000 });
    expect(await selectGoingOn(yard.store.read, [job])).toContainEqual({ job, n: 1, servedMs: 7000 });
    await assign(yard, job, 1);
    await yard.end("1.1.3-y" as AttemptId, 1);
    await yard.retry(job, ["failed"], { first: 1, last: 1 });
    expect((await selectGoingOn(yard.store.read, [job])).map(({ n }) => n)).toEqual([3]);
  });

  test("of a job that cannot be resumed nothing goes on", async () => {
    const yard = await aStore(kind);
    const job = await yard.submit({ retries: 1 });
    const [attempt] = await yard.assign(job);
    await yard.end(attempt?.id as AttemptId, 1, { startedAt: NOW, endedAt: NOW + 4000 });
    expect(await selectGoingOn(yard.store.read, [job])).toEqual([]);
  });

  test("how long runs have run is known of those that finished, and of those that run", async () => {
    const { yard, job } = await interrupted(kind);
    const { read } = yard.store;
    expect(await selectRunning(read)).toMatchObject([{ job_id: job, n: 2, served_ms: 0 }]);
    expect(await selectFinishedSeconds(read, job, 9)).toEqual([]);
    await assign(yard, job, 1);
    await yard.end("1.1.2-y" as AttemptId, 0, { startedAt: NOW + 5000, endedAt: NOW + 8000 });
    expect(await selectFinishedSeconds(read, job, 9)).toEqual([7]);
  });

  test("jobs of which runs have finished are found by their user and all their tags, the newest first", async () => {
    const yard = await aStore(kind);
    const ids: JobId[] = [];
    for (const tags of [["a", "b"], ["b", "a", "c"], ["ab"], ["a"], ["a", "b"]]) ids.push(await yard.submit({ tags }));
    for (const id of ids.slice(0, 4)) {
      const [attempt] = await yard.assign(id);
      await yard.end(attempt?.id as AttemptId, 0);
    }
    const { user } = await yard.job(ids[0] as JobId);
    const alike = (who: string, most = 9) => selectTaggedAlike(yard.store.read, who, ["a", "b"], most);
    expect((await alike(user)).map(({ id }) => id)).toEqual([ids[1], ids[0]]);
    expect(await alike(user, 1)).toEqual([{ id: ids[1], succeeded: 1 }]);
    expect(await alike(`${user}x`)).toEqual([]);
  });

  test("what users have had is known by the pool that their jobs name first", async () => {
    const { yard } = await interrupted(kind);
    const user = (await yard.job(1 as JobId)).user;
    const served = await selectService(yard.store.read, "local", NOW + 5000);
    expect(served).toEqual([{ user, startedAt: NOW, endedAt: NOW + 6000, slot: expect.any(String) }]);
    expect(await selectService(yard.store.read, "other", 0)).toEqual([]);
  });

  test("a pool keeps its policy and its rules, one and the other", async () => {
    const { store } = await aStore(kind);
    await store.write((db) => ensurePool(db, "local", "agent", "ada"));
    expect(await selectPools(store.read)).toMatchObject([{ policy: "backfill", rules: {} }]);
    await store.write((db) => setPool(db, "local", { policy: "las" }));
    await store.write((db) => setPool(db, "local", { rules: { lasLimits: [1, 2], weights: { ada: 2 } } }));
    const set = { policy: "las", rules: { lasLimits: [1, 2], weights: { ada: 2 } }, shared: false };
    expect(await selectPools(store.read)).toMatchObject([set]);
    await store.write((db) => setPool(db, "local", {}));
    await store.write((db) => setPool(db, "local", { shared: true }));
    expect(await selectPools(store.read)).toMatchObject([{ ...set, shared: true }]);
  });
}
