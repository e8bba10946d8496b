import { expect, test } from "vitest";
import type { Notice } from "../../../src/core/notice.ts";
import type { JobId } from "../../../src/core/run.ts";
import { putTarget } from "../../../src/store/notice_targets.ts";
import {
  type KeptWish,
  noteFailed,
  noteTold,
  postpone,
  selectDue,
  selectNotices,
  selectWaitingAddresses,
} from "../../../src/store/notices.ts";
import { skipRuns } from "../../../src/store/runs.ts";
import { aStore, NOW, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

const LATER = NOW + 60_000;

function wish(address: string, on: KeptWish["on"] = "ended"): KeptWish {
  return { to: "target", on, address, shown: `shown ${address}` };
}

async function addTarget({ store }: Steered, user: string, address: string, sorts: ("ended" | "failed" | "help")[]) {
  await store.write((db) => putTarget(db, { user, address, shown: address, sorts, createdAt: NOW }));
}

/** `job event address`, of all that has ever been to be told. */
async function told({ store }: Steered): Promise<string[]> {
  const page = { key: "id", descending: false, limit: 1000, after: null } as const;
  const rows = await selectNotices(store.read, { user: null, job: null, state: null }, page);
  return rows.map((row) => `${row.job_id} ${(JSON.parse(row.body_json) as Notice).event} ${row.address}`);
}

/** A job's end is written down to be told in the transaction that ends it, whichever way it ends. */
export function telling(kind: Kind): void {
  test("every way in which a job can end is told, once", async () => {
    const steered = await aStore(kind);
    const { store } = steered;
    const notify = [wish("a")];
    const reported = await steered.submit({ notify });
    const failing = await steered.submit({ notify });
    const cancelled = await steered.submit({ notify, total: 5000 });
    const range = await steered.submit({ notify, total: 2 });
    const skipped = await steered.submit({ notify });
    const dependant = await steered.submit({ notify, total: 3, after: [{ job: failing, any: false }] });
    const second = await steered.submit({ notify, after: [{ job: dependant, any: false }] });
    await steered.submit({ after: [{ job: failing, any: false }] });
    await steered.finish(reported);
    await steered.finish(failing, 3);
    await steered.cancel(cancelled);
    await steered.cancel(range, { first: 1, last: 1 });
    await steered.cancel(range, { first: 2, last: 2 });
    await store.write((db) => skipRuns(db, store.dialect, skipped, [1], NOW));
    const late = await steered.submit({ notify, after: [{ job: failing, any: false }] });
    expect(await told(steered)).toEqual([
      `${reported} job_succeeded a`,
      `${failing} job_failed a`,
      `${dependant} job_failed a`,
      `${second} job_failed a`,
      `${cancelled} job_cancelled a`,
      `${range} job_cancelled a`,
      `${skipped} job_succeeded a`,
      `${late} job_failed a`,
    ]);
  });

  test("an end that is said twice is told once; one after a retry is told anew", async () => {
    const steered = await aStore(kind);
    const job = await steered.submit({ notify: [wish("a")] });
    const [attempt] = await steered.assign(job);
    if (!attempt) throw new Error("nothing was assigned");
    await steered.end(attempt.id, 1);
    await steered.end(attempt.id, 1);
    expect(await told(steered)).toEqual([`${job} job_failed a`]);
    await steered.retry(job);
    await steered.finish(job);
    expect(await told(steered)).toEqual([`${job} job_failed a`, `${job} job_succeeded a`]);
  });

  test("a transaction that is undone tells nothing", async () => {
    const steered = await aStore(kind);
    const job = await steered.submit({ notify: [wish("a")] });
    const { store } = steered;
    const failing = store.write(async (db) => {
      await skipRuns(db, store.dialect, job, [1], NOW);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await told(steered)).toEqual([]);
  });

  test("a job's end goes to who asked for it and to its user's own targets, to each once", async () => {
    const steered = await aStore(kind);
    await addTarget(steered, "ada", "all", ["ended", "help"]);
    await addTarget(steered, "ada", "bad", ["failed"]);
    await addTarget(steered, "ada", "asked", []);
    await addTarget(steered, "bob", "bobs", ["ended"]);
    const plain = await steered.submit();
    const failing = await steered.submit({ notify: [wish("all"), wish("x", "failed"), wish("y")] });
    const asking = await steered.submit({ notify: [{ to: "me", on: "ended" }] });
    const asking2 = await steered.submit({ notify: [{ to: "me", on: "failed" }] });
    await steered.finish(plain);
    await steered.finish(failing, 1);
    await steered.finish(asking);
    await steered.finish(asking2);
    expect((await told(steered)).sort()).toEqual(
      [
        `${plain} job_succeeded all`,
        ...["all", "bad", "x", "y"].map((address) => `${failing} job_failed ${address}`),
        ...["all", "bad", "asked"].map((address) => `${asking} job_succeeded ${address}`),
        `${asking2} job_succeeded all`,
      ].sort(),
    );
  });

  test("what is told is how it stood at the end, with the first run that failed", async () => {
    const steered = await aStore(kind);
    const job = await steered.submit({ total: 3, notify: [wish("a")], name: "x\r\nBcc: eve@example.org" });
    for (const code of [0, 7, 9]) await steered.finish(job, code);
    await steered.retry(job);
    const [due] = await selectDue(steered.store.read, "a", LATER, 10);
    expect(due?.notice).toMatchObject({
      event: "job_failed",
      job: {
        id: job,
        user: "ada",
        runs: { total: 3, succeeded: 1, failed: 2 },
        firstFailure: { run: `${job}.2`, cause: { code: "exit_code", exitCode: 7 } },
      },
    });
  });

  test("what waits is found by its address, and is gone from there once told or given up", async () => {
    const steered = await aStore(kind);
    const { store } = steered;
    const jobs: JobId[] = [];
    for (const address of ["a", "a", "b"]) jobs.push(await steered.submit({ notify: [wish(address)] }));
    for (const job of jobs) await steered.finish(job);
    const waiting = async () => (await selectWaitingAddresses(store.read)).map(({ address }) => address).sort();
    expect(await waiting()).toEqual(["a", "b"]);
    const [first, second] = await selectDue(store.read, "a", LATER, 10);
    await store.write((db) => noteFailed(db, [{ id: first?.id ?? 0, nextAt: LATER + 1 }], "no"));
    await store.write((db) => postpone(db, "a", LATER + 1));
    expect(await selectDue(store.read, "a", LATER, 10)).toEqual([]);
    expect((await selectDue(store.read, "a", LATER + 1, 10)).map(({ tries }) => tries)).toEqual([1, 0]);
    await store.write((db) => noteTold(db, [first?.id ?? 0], LATER));
    await store.write((db) => noteFailed(db, [{ id: second?.id ?? 0, nextAt: null }], "no"));
    expect(await waiting()).toEqual(["b"]);
  });
}
