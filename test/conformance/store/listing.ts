import { expect, test } from "vitest";
import { jobStatus, jobStatuses } from "../../../src/core/job.ts";
import { type Mark, type Page, pageOf } from "../../../src/core/page.ts";
import type { JobId } from "../../../src/core/run.ts";
import { type JobFilter, type JobSortKey, jobColumns, selectJobPage } from "../../../src/store/job_page.ts";
import { type RunFilter, type RunSortKey, runColumns, selectRunPage } from "../../../src/store/run_page.ts";
import { aStore, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

const anyJob: JobFilter = {
  statuses: null,
  open: null,
  user: null,
  pool: null,
  tag: null,
  search: null,
  ids: null,
};
const latestFirst = { key: "id", descending: true, after: null, limit: 100 } as const;

/** Jobs in every state, with equals and absences in what they can be sorted by. */
async function aFullStore(kind: Kind): Promise<Steered> {
  const yard = await aStore(kind);
  const succeeded = await yard.submit({ name: "b", priority: 30 });
  await yard.finish(succeeded);
  const failed = await yard.submit({ name: "a", priority: 50, total: 2 });
  await yard.finish(failed, 1);
  await yard.finish(failed);
  const cancelled = await yard.submit({ name: "a", user: "bob", total: 3 });
  await yard.cancel(cancelled);
  const halfDone = await yard.submit({ name: "c", priority: 50, total: 3 });
  await yard.finish(halfDone);
  const running = await yard.submit({ name: "b", user: "bob", total: 4 });
  const [attempt] = await yard.assign(running, 2);
  if (attempt) await yard.start(attempt.id);
  await yard.submit({ name: "d" });
  return yard;
}

async function throughPages<Row, Key extends string>(
  key: Key,
  descending: boolean,
  select: (page: Page<Key>) => Promise<Row[]>,
  markOf: (row: Row) => Mark,
): Promise<Row[]> {
  const seen: Row[] = [];
  for (let after: Mark | null = null; ; ) {
    const page: Row[] = await select({ key, descending, after, limit: 2 });
    seen.push(...page);
    const last = page.at(-1);
    if (page.length < 2 || last === undefined) return seen;
    after = markOf(last);
  }
}

export function listing(kind: Kind): void {
  test("jobs can be paged through in every order, as the core orders them", async () => {
    const { store } = await aFullStore(kind);
    const all = await selectJobPage(store.read, anyJob, latestFirst);
    expect(new Set(all.map(({ counts }) => jobStatus(counts)))).toEqual(new Set(jobStatuses));
    for (const key of Object.keys(jobColumns) as JobSortKey[]) {
      for (const descending of [false, true]) {
        const markOf = (job: (typeof all)[number]) => ({ value: jobColumns[key].of(job), id: job.id as number });
        const select = (page: Page<JobSortKey>) => selectJobPage(store.read, anyJob, page);
        const seen = await throughPages(key, descending, select, markOf);
        const expected = pageOf(all, { key, descending, after: null, limit: 100 }, markOf);
        expect([key, ...seen.map(({ id }) => id)]).toEqual([key, ...expected.map(({ id }) => id)]);
      }
    }
  });

  test("jobs are listed by what they are and what is asked for, taken literally", async () => {
    const yard = await aStore(kind);
    await yard.submit({ name: "Train 100%", tags: ["a_b"] });
    await yard.submit({ name: "train 100x", tags: ["axb"], user: "bob" });
    const argv = ["python", 'say "Hi"'];
    const ended = await yard.submit({
      name: "eval",
      work: { kind: "command", command: { kind: "argv", argv }, spaces: [] },
    });
    await yard.finish(ended);
    const list = async (filter: Partial<JobFilter>) =>
      (await selectJobPage(yard.store.read, { ...anyJob, ...filter }, latestFirst)).map((job) => job.id);
    expect(await list({})).toEqual([3, 2, 1]);
    expect(await list({ open: true })).toEqual([2, 1]);
    expect(await list({ open: false })).toEqual([3]);
    expect(await list({ user: "bob" })).toEqual([2]);
    expect(await list({ pool: "elsewhere" })).toEqual([]);
    expect(await list({ search: "TRAIN" })).toEqual([2, 1]);
    expect(await list({ search: "100%" })).toEqual([1]);
    expect(await list({ search: 'y "hi"' })).toEqual([3]);
    expect(await list({ tag: "a_b" })).toEqual([1]);
    expect(await list({ tag: "A_B" })).toEqual([]);
    expect(await list({ ids: [3, 1, 77] })).toEqual([3, 1]);
    expect(await list({ ids: [] })).toEqual([]);
  });

  test("jobs are listed by their status as the core has it", async () => {
    const { store } = await aFullStore(kind);
    const all = await selectJobPage(store.read, anyJob, latestFirst);
    for (const status of jobStatuses) {
      const seen = await selectJobPage(store.read, { ...anyJob, statuses: [status] }, latestFirst);
      const expected = all.filter(({ counts }) => jobStatus(counts) === status);
      expect([status, ...seen.map(({ id }) => id)]).toEqual([status, ...expected.map(({ id }) => id)]);
    }
    expect(await selectJobPage(store.read, { ...anyJob, statuses: jobStatuses }, latestFirst)).toHaveLength(all.length);
  });

  test("runs can be paged through in every order, as the core orders them", async () => {
    const yard = await aStore(kind);
    const job = await yard.submit({ total: 9 });
    await yard.finish(job);
    await yard.finish(job, 1);
    const [attempt] = await yard.assign(job, 2);
    if (attempt) await yard.start(attempt.id);
    await yard.cancel(job, { first: 8, last: 8 });
    const all = await yard.runs(job);
    const filter: RunFilter = { job, range: null, statuses: null, machine: null };
    for (const key of Object.keys(runColumns) as RunSortKey[]) {
      for (const descending of [false, true]) {
        const markOf = (run: (typeof all)[number]) => ({ value: runColumns[key].of(run), id: run.n });
        const select = (page: Page<RunSortKey>) => selectRunPage(yard.store.read, filter, page);
        const seen = await throughPages(key, descending, select, markOf);
        const expected = pageOf(all, { key, descending, after: null, limit: 100 }, markOf);
        expect([key, ...seen.map(({ n }) => n)]).toEqual([key, ...expected.map(({ n }) => n)]);
      }
    }
  });

  test("runs are listed by status, machine and number", async () => {
    const yard = await aStore(kind);
    const id = await yard.submit({ total: 30 });
    await yard.finish(id);
    await yard.cancel(id, { first: 11, last: 20 });
    const numbers = async (said: Partial<RunFilter>, after = 0, limit = 3) => {
      const filter = { job: id as JobId, range: null, statuses: null, machine: null, ...said };
      const page = { key: "n", descending: false, after: { value: after, id: after }, limit } as const;
      return (await selectRunPage(yard.store.read, filter, page)).map((run) => run.n);
    };
    expect(await numbers({}, 5)).toEqual([6, 7, 8]);
    expect(await numbers({ statuses: ["cancelled"] })).toEqual([11, 12, 13]);
    expect(await numbers({ statuses: ["queued"] }, 9)).toEqual([10, 21, 22]);
    expect(await numbers({ statuses: ["queued", "cancelled"] }, 9)).toEqual([10, 11, 12]);
    expect(await numbers({ statuses: [] })).toEqual([]);
    expect(await numbers({ machine: "lab1" })).toEqual([1]);
    expect(await numbers({ range: { first: 4, last: 5 } })).toEqual([4, 5]);
    expect(await numbers({ range: { first: 4, last: 5 } }, 4)).toEqual([5]);
  });
}
