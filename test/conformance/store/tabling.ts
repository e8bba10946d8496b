import fc from "fast-check";
import { expect, test } from "vitest";
import { isRefused } from "../../../src/core/failure.ts";
import type { AttemptId, JobId } from "../../../src/core/run.ts";
import { cellOf } from "../../../src/core/run_table/column.ts";
import { parseWhere } from "../../../src/core/run_table/condition.ts";
import { parseSort } from "../../../src/core/run_table/sorting.ts";
import { openWorks } from "../../../src/dispatch/works.ts";
import { type Frames, openFrames, type View } from "../../../src/server/frames/frames.ts";
import { recordObserved } from "../../../src/store/reports.ts";
import { selectFailedAfter, selectRunsNamed } from "../../../src/store/run_cells.ts";
import { aStore, type Steered } from "./a_store.ts";
import type { Kind } from "./place.ts";

const RUNS = 12;

function aSweep(yard: Steered, runs = RUNS): Promise<JobId> {
  const values = Array.from({ length: runs }, (_, at) => ({ text: `${at / 10}`, json: `${at / 10}` }));
  const axes = [{ name: "x", values: { kind: "list" as const, values } }];
  const space = { axes, zip: [], exclude: [], sample: null, repeat: 1 };
  const work = { kind: "command" as const, command: { kind: "argv" as const, argv: ["true"] }, spaces: [space] };
  return yard.submit({ work, total: runs });
}

/** @param passed  how long it has been since the beginning, ms */
function framesOf({ store }: Steered, passed = () => 0, mostBytes?: number): Frames {
  const works = openWorks(store.read);
  return openFrames({ store, works, clock: { steady: passed }, ...(mostBytes !== undefined && { mostBytes }) });
}

async function look<Result>(frames: Frames, yard: Steered, id: JobId, work: (view: View) => Promise<Result>) {
  const seen = await frames.use(await yard.job(id), work);
  if (isRefused(seen)) throw new Error(JSON.stringify(seen));
  return seen;
}

/** Every cell that holds something. */
function cells({ frame }: View): Record<string, unknown[]> {
  const rows = Array.from({ length: frame.rows }, (_, row) => row);
  const told = frame.names().map((name) => {
    const column = frame.column(name);
    return [name, rows.map((row) => column && cellOf(column, row))] as const;
  });
  return Object.fromEntries(told.filter(([, values]) => values.some((value) => value !== null)));
}

async function numbers(frames: Frames, yard: Steered, id: JobId, where: string, sort: string): Promise<number[]> {
  const conditions = parseWhere(where);
  if (!Array.isArray(conditions)) throw new Error(conditions.problem);
  return look(frames, yard, id, async ({ rows }) =>
    Array.from(await rows(conditions, parseSort(sort)), (row) => row + 1),
  );
}

export function tabling(kind: Kind): void {
  test("runs can be chosen and sorted by what they were given and what they told", async () => {
    const yard = await aStore(kind);
    const id = await aSweep(yard);
    const told = [0.5, "NaN", 0.9, 0.9];
    for (const accuracy of told) {
      const [attempt] = await yard.assign(id);
      if (!attempt) throw new Error("no run waits");
      await yard.start(attempt.id);
      await yard.observe(attempt.id, { accuracy });
      await yard.end(attempt.id, accuracy === 0.5 ? 1 : 0);
    }
    const frames = framesOf(yard);
    expect(await numbers(frames, yard, id, "", "-result.accuracy")).toEqual([3, 4, 1, 2, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await numbers(frames, yard, id, "result.accuracy>=0.5", "result.accuracy")).toEqual([1, 3, 4]);
    expect(await numbers(frames, yard, id, "status=failed|succeeded, params.x<0.3", "-n")).toEqual([3, 2, 1]);
    expect(await numbers(frames, yard, id, "cause=exit_code, exitCode=1", "n")).toEqual([1]);
    expect(await numbers(frames, yard, id, "machine=lab1, took<1s", "n")).toEqual([1, 2, 3, 4]);
    expect(await numbers(frames, yard, id, 'status!=queued, result.accuracy!=""', "n")).toEqual([1, 2, 3, 4]);
    const failed = await selectFailedAfter(yard.store.read, id, 0, 10);
    expect(failed.map(({ n, cause_json }) => [n, JSON.parse(cause_json ?? "").code])).toEqual([[1, "exit_code"]]);
    expect((await selectRunsNamed(yard.store.read, id, [3, 99, 1])).map(({ n }) => n)).toEqual([3, 1]);
  });

  test("whatever happens to runs, a table that was kept up to date is as one made anew", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom("assign" as const, "start" as const), count: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constant("observe" as const), key: fc.constantFrom("a", "b"), value: fc.integer() }),
      fc.record({ do: fc.constant("end" as const), exitCode: fc.integer({ min: 0, max: 1 }) }),
      fc.record({ do: fc.constantFrom("cancel" as const, "retry" as const), n: fc.integer({ min: 1, max: RUNS }) }),
      fc.record({ do: fc.constant("look" as const) }),
    );
    const yard = await aStore(kind);
    const property = fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const id = await aSweep(yard);
      const frames = framesOf(yard);
      const open: { id: AttemptId; n: number }[] = [];
      const tell = (n: number) => yard.store.changes.tell([{ kind: "run", job: id, n }]);
      await look(frames, yard, id, async (view) => cells(view));
      for (const one of steps) {
        const [attempt] = open;
        if (one.do === "assign") {
          for (const given of await yard.assign(id, one.count)) {
            open.push(given);
            tell(given.n);
          }
        } else if (one.do === "cancel" || one.do === "retry") {
          if (one.do === "cancel") await yard.cancel(id, { first: one.n, last: one.n + 2 });
          else await yard.retry(id, ["failed", "cancelled"], { first: one.n, last: one.n + 2 });
          yard.store.changes.tell([{ kind: "runs", job: id }]);
        } else if (one.do === "look") {
          await look(frames, yard, id, async (view) => cells(view));
        } else if (attempt) {
          if (one.do === "start") await yard.start(attempt.id);
          if (one.do === "observe") {
            const values = { [one.key]: one.value };
            const seen = { attempt: attempt.id, progress: { done: 1, of: 4 }, metrics: values, result: values };
            await yard.store.write((db) => recordObserved(db, [seen]));
          }
          if (one.do === "end") {
            await yard.end(attempt.id, one.exitCode);
            open.shift();
          }
          tell(attempt.n);
        }
      }
      const kept = await look(frames, yard, id, async (view) => cells(view));
      expect(kept).toEqual(await look(framesOf(yard), yard, id, async (view) => cells(view)));
    });
    await fc.assert(property, { numRuns: 15 });
  });

  test("a large table may be a second old while runs go on, but not when someone steers", async () => {
    const yard = await aStore(kind);
    const id = await aSweep(yard, 10_001);
    let passed = 0;
    const frames = framesOf(yard, () => passed);
    const started = () => numbers(frames, yard, id, "status=starting", "n");
    expect(await started()).toEqual([]);
    const assign = async () => {
      for (const { n } of await yard.assign(id)) yard.store.changes.tell([{ kind: "run", job: id, n }]);
    };
    await assign();
    expect(await started()).toEqual([]);
    passed = 1500;
    expect(await started()).toEqual([1]);
    await assign();
    await yard.cancel(id, { first: 5, last: 6 });
    yard.store.changes.tell([{ kind: "runs", job: id }]);
    expect(await started()).toEqual([1, 2]);
    expect(await numbers(frames, yard, id, "status=cancelled", "n")).toEqual([5, 6]);
  });

  test("a job that is too large to be held is refused, and what more is told than can be held is left out", async () => {
    const yard = await aStore(kind);
    const id = await aSweep(yard);
    expect(await framesOf(yard, () => 0, 200).use(await yard.job(id), async () => "held")).toMatchObject({
      refused: { code: "bad_request" },
    });
    const [attempt] = await yard.assign(id);
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`key${at}`, at]));
    if (attempt) await yard.observe(attempt.id, values);
    const { bytes, out, names } = await look(
      framesOf(yard, () => 0, 4000),
      yard,
      id,
      async ({ frame }) => {
        return { bytes: frame.bytes(), out: frame.leftOut(), names: frame.names() };
      },
    );
    expect(bytes).toBeLessThanOrEqual(4000);
    expect(names).toContain("result.key0");
    expect(out).toContain("result.key99");
  });
}
