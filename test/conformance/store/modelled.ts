import fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import type { AttemptId, Ending, JobId, RunStatus } from "../../../src/core/run.ts";
import { wantStops } from "../../../src/store/attempts.ts";
import { extendJob, makeNextRuns, pauseJobs } from "../../../src/store/jobs.ts";
import { countOf } from "../../../src/store/transition.ts";
import { aStore, type Steered } from "./a_store.ts";
import { openModel, type Range } from "./model.ts";
import type { Kind } from "./place.ts";

/** Numbers that stand for "one of what there is": taken modulo how many there are. */
const pick = fc.nat({ max: 1000 });
const range = fc.option(fc.tuple(pick, fc.nat({ max: 1500 })), { freq: 2 });
const ending = fc.constantFrom<Ending>(
  { kind: "exited", exitCode: 0 },
  { kind: "exited", exitCode: 0 },
  { kind: "exited", exitCode: 1 },
  { kind: "signalled", signal: 9 },
  { kind: "never_began" },
  { kind: "lost", detail: "gone" },
);
const statuses = fc.constantFrom<RunStatus[]>(
  ["failed"],
  ["failed", "cancelled"],
  ["failed", "cancelled", "succeeded"],
);
/** More than a thousand runs have no rows at first. */
const total = fc.constantFrom(1, 1, 1, 2, 3, 1001, 2500);

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("submit" as const),
      total,
      retries: fc.nat({ max: 1 }),
      after: fc.array(fc.tuple(pick, fc.boolean()), { maxLength: 3 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("assign" as const), job: pick, count: fc.constantFrom(1, 2, 3, 1200) }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("start" as const), job: pick, attempt: pick }) },
  {
    weight: 10,
    arbitrary: fc.record({ do: fc.constant("end" as const), job: pick, attempt: pick, ending, twice: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel" as const), job: pick, range }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("retry" as const), job: pick, statuses, range }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("pause" as const), job: pick, paused: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("extend" as const), job: pick, added: fc.constantFrom(1, 2, 1100) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("make" as const), job: pick, count: fc.constantFrom(1, 500, 3000) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("take" as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export function modelled(kind: Kind): void {
  test(
    "whatever is done to jobs, counts, rows and attempts stay what a simple model says",
    { timeout: 120_000 },
    async () => {
      const yard = await aStore(kind);
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: "max" }), async (steps) => {
          const pair = besideModel(yard);
          for (const one of steps) {
            await pair.take(one);
            await pair.compare();
          }
          await pair.compareAll();
        }),
        { numRuns: 30, interruptAfterTimeLimit: 90_000 },
      );
    },
  );
}

/** The store and the model, taking the same steps. */
function besideModel(yard: Steered) {
  const { store } = yard;
  const model = openModel();
  const ids: JobId[] = [];
  const open: { id: AttemptId; job: number; n: number }[] = [];

  async function take(one: Step): Promise<void> {
    if (one.do === "submit") return submit(one.total, one.retries, one.after);
    if (one.do === "take") return void (await yard.take());
    if (one.do === "start" || one.do === "end") {
      const attempt = openAttempt(one.job, one.attempt);
      if (!attempt) return;
      if (one.do === "start") {
        await yard.start(attempt.id);
        return model.start(attempt.job, attempt.n);
      }
      open.splice(open.indexOf(attempt), 1);
      await yard.end(attempt.id, one.ending);
      model.end(attempt.job, attempt.n, one.ending);
      if (one.twice) await yard.end(attempt.id, 1);
      return;
    }
    if (ids.length > 0) await steer(one, one.job % ids.length);
  }

  /** Of a job that has some, so that small jobs come to their end beside large ones. */
  function openAttempt(job: number, attempt: number) {
    const jobs = [...new Set(open.map((one) => one.job))];
    const list = open.filter((one) => one.job === jobs[job % jobs.length]);
    return list[attempt % list.length];
  }

  async function submit(total: number, retries: number, waits: [number, boolean][]): Promise<void> {
    const after = new Map(ids.length === 0 ? [] : waits.map(([on, any]) => [on % ids.length, any]));
    const sorted = [...after].sort(([a], [b]) => a - b).map(([on, any]) => ({ on, any }));
    ids.push(await yard.submit({ total, retries, after: sorted.map(({ on, any }) => ({ job: idOf(on), any })) }));
    model.submit(total, retries, sorted);
  }

  async function steer(one: Exclude<Step, { do: "submit" | "take" | "start" | "end" }>, job: number): Promise<void> {
    const id = idOf(job);
    switch (one.do) {
      case "assign": {
        if (!model.mayStart(job)) return;
        const given = await yard.assign(id, one.count);
        expect(given.map((attempt) => attempt.n)).toEqual(model.assign(job, one.count));
        open.push(...given.map((attempt) => ({ id: attempt.id, job, n: attempt.n })));
        return;
      }
      case "cancel": {
        const span = spanOf(job, one.range);
        const cancelled = await yard.cancel(id, span);
        await store.write((db) => wantStops(db, [{ job: id, range: span }], "cancelled", 0));
        expect(cancelled).toBe(model.cancel(job, span));
        return;
      }
      case "retry": {
        const span = spanOf(job, one.range);
        expect(await yard.retry(id, one.statuses, span)).toBe(model.retry(job, one.statuses, span));
        return;
      }
      case "pause":
        await store.write((db) => pauseJobs(db, [id], one.paused));
        return model.pause(job, one.paused);
      case "extend":
        await store.write((db) => extendJob(db, store.dialect, id, "[]", one.added));
        return model.extend(job, one.added);
      case "make":
        await store.write((db) => makeNextRuns(db, store.dialect, id, one.count));
        return;
    }
  }

  function idOf(job: number): JobId {
    const id = ids[job];
    if (id === undefined) throw new Error(`job ${job} was never submitted`);
    return id;
  }

  function spanOf(job: number, chosen: [number, number] | null): Range | null {
    const runs = model.jobs[job]?.runs.length ?? 0;
    if (!chosen) return null;
    const first = 1 + (chosen[0] % runs);
    return { first, last: Math.min(runs, first + chosen[1]) };
  }

  async function compare(): Promise<void> {
    for (const [job, id] of ids.entries()) await compareJob(id, job);
    const { rows } =
      await sql`select job_id, n from attempt where status <> 'ended' group by job_id, n having count(*) > 1`.execute(
        store.read,
      );
    expect(rows).toEqual([]);
  }

  async function compareJob(id: JobId, job: number): Promise<void> {
    const expected = model.jobs[job];
    if (!expected) throw new Error(`the model has no job ${job}`);
    const counts = {
      total: expected.runs.length,
      queued: 0,
      running: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      skipped: 0,
    };
    for (const run of expected.runs) counts[countOf(run.status)] += 1;
    const row = await yard.job(id);
    expect(row.counts).toEqual(counts);
    expect(row.endedAt === null).toBe(model.isOpen(job));
    expect(row.paused).toBe(expected.paused);
    expect(row.waitingFor).toBe(expected.after.filter((after) => after.state !== "met").length);
    const made = await store.read.selectFrom("run").selectAll().where("job_id", "=", id).orderBy("n").execute();
    for (const run of made) {
      const { status, attempts } = expected.runs[run.n - 1] ?? {};
      if (run.status !== status || run.attempts !== attempts)
        expect([run.n, run.status, run.attempts]).toEqual([run.n, status, attempts]);
    }
  }

  return {
    take,
    compare,
    /** Once every run has its row. */
    async compareAll(): Promise<void> {
      for (const [job, id] of ids.entries()) {
        const runs = await yard.runs(id);
        expect(runs.map((run) => run.status)).toEqual(model.jobs[job]?.runs.map((run) => run.status));
        for (const run of runs) {
          const hasEnded = ["succeeded", "failed", "cancelled"].includes(run.status);
          if ((run.ended_at !== null) !== hasEnded) expect(run).toBe(`${run.status} with the time of its end`);
        }
        await compareJob(id, job);
      }
    },
  };
}
