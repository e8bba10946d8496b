import { expect, test } from "vitest";
import { livedRun } from "../../../src/core/history.ts";
import type { Mark } from "../../../src/core/page.ts";
import type { AttemptId, JobId } from "../../../src/core/run.ts";
import { assignAttempts } from "../../../src/store/attempts.ts";
import { insertAudit } from "../../../src/store/audit.ts";
import { type HistoryFilter, type HistoryRow, selectHistoryPage, selectReleases } from "../../../src/store/history.ts";
import { aStore, MACHINE, NOW, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

const everything: HistoryFilter = { since: null, pool: null };

/** Gives the next run of the job a place of its own, with so many GPUs on each of its workers. */
async function seat({ store }: Steered, job: JobId, n: number, gpus: number[], at = NOW, tryNumber = 1) {
  const workers = gpus.map((count) => {
    const names = Array.from({ length: count }, (_, i) => String(i));
    return { machine: MACHINE, slot: { devices: names.join(), gpus: names, cpus: 0, memoryBytes: 0 } };
  });
  const start = { job, n: null, resumable: false, workers, port: 9, snapshot: null };
  const id = () => `${job}.${n}.${tryNumber}-x` as AttemptId;
  const given = await store.write((db) => assignAttempts(db, store.dialect, [start], 1, id, at));
  return given.flat().map((attempt) => attempt.id);
}

async function all({ store }: Steered, filter: HistoryFilter = everything): Promise<HistoryRow[]> {
  return selectHistoryPage(store.read, filter, { key: "id", descending: false, after: null, limit: 100 });
}

const names = (rows: readonly HistoryRow[]) => rows.map(({ job, n }) => `${job}.${n}`);

export function recalling(kind: Kind): void {
  test("runs that have ended are recalled with what they held; those that never had a place are not", async () => {
    const yard = await aStore(kind);
    const wide = await yard.submit({
      user: "ben",
      priority: 50,
      demand: { gpus: 2, cpus: null, memoryBytes: null, workers: 2 },
    });
    const workers = await seat(yard, wide, 1, [2, 2]);
    await yard.start(...workers);
    for (const [i, worker] of workers.entries()) await yard.end(worker, 0, { endedAt: NOW + 1000 * (i + 1) });
    const failed = await yard.submit({ total: 3 });
    await yard.finish(failed, 1);
    await yard.assign(failed);
    await yard.cancel(failed);
    const rows = await all(yard);
    expect(names(rows)).toEqual(["1.1", "2.1"]);
    expect(rows[0]).toMatchObject({ user: "ben", priority: 50, submittedAt: NOW, atMost: null, waitedFor: [] });
    expect(rows[0]?.tries).toEqual([
      { assignedAt: NOW, startedAt: NOW + 1, endedAt: NOW + 2000, gpus: 4, isPreempted: false, pool: "local" },
    ]);
    expect(rows[1]?.tries).toMatchObject([{ gpus: 0 }]);
  });

  test("the past is recalled by when it ended and by pool, in pages", async () => {
    const yard = await aStore(kind);
    for (const [i, pool] of ["local", "lab", "local,lab", "la"].entries()) {
      const job = await yard.submit({ pool, total: 2 });
      for (const n of [1, 2]) {
        const [attempt] = await seat(yard, job, n, [1]);
        if (attempt) await yard.end(attempt, 0, { endedAt: NOW + 1000 * i + n });
      }
    }
    expect(names(await all(yard, { since: null, pool: "lab" }))).toEqual(["2.1", "2.2", "3.1", "3.2"]);
    expect(names(await all(yard, { since: NOW + 2002, pool: null }))).toEqual(["3.2", "4.1", "4.2"]);
    const seen: string[] = [];
    for (let after: Mark | null = null; ; ) {
      const page: HistoryRow[] = await selectHistoryPage(yard.store.read, everything, {
        key: "id",
        descending: false,
        after,
        limit: 3,
      });
      seen.push(...names(page));
      const last = page.at(-1);
      if (page.length < 3 || !last) break;
      after = { value: last.job, id: last.n };
    }
    expect(seen).toEqual(["1.1", "1.2", "2.1", "2.2", "3.1", "3.2", "4.1", "4.2"]);
  });

  test("a run that waited for others, or was tried again, could start only then", async () => {
    const yard = await aStore(kind);
    const cause = await yard.submit();
    await yard.finish(cause);
    const waited = await yard.submit({ after: [{ job: cause, any: false }] });
    const [first] = await seat(yard, waited, 1, [1], NOW + 10_000);
    if (first) await yard.end(first, 1, { startedAt: NOW + 10_001, endedAt: NOW + 20_000 });
    const causeEndedAt = (await yard.job(cause)).endedAt;
    const recall = async () => {
      const row = (await all(yard)).find(({ job }) => job === waited);
      if (!row) throw new Error("it is not recalled");
      return livedRun(row, await selectReleases(yard.store.read));
    };
    expect(await recall()).toMatchObject({ couldStartAt: causeEndedAt, startedAt: NOW + 10_001, servedMs: 9999 });
    await yard.retry(waited);
    const retry = { at: NOW + 50_000, user: "ada", action: "retry", target: `${waited}`, detail: {} };
    await yard.store.write((db) => insertAudit(db, retry));
    const [again] = await seat(yard, waited, 1, [1], NOW + 60_000, 2);
    if (again) await yard.end(again, 0, { startedAt: NOW + 61_000, endedAt: NOW + 62_000 });
    expect(await recall()).toMatchObject({ couldStartAt: NOW + 50_000, startedAt: NOW + 61_000, servedMs: 1000 });
  });
}
