import { type Refused, refuse } from "../../core/failure.ts";
import type { JobId } from "../../core/run.ts";
import { type Condition, formatWhere } from "../../core/run_table/condition.ts";
import { type Described, describeColumn } from "../../core/run_table/described.ts";
import { matching } from "../../core/run_table/matching.ts";
import { type Sort, sorted } from "../../core/run_table/sorting.ts";
import type { Works } from "../../dispatch/works.ts";
import type { Clock } from "../../platform/clock.ts";
import { type JobRow, selectJob } from "../../store/jobs.ts";
import { selectCellsAfter, selectCellsOf } from "../../store/run_cells.ts";
import type { Store } from "../../store/store.ts";
import { breathe, inSlices } from "../in_slices.ts";
import { type Frame, openFrame } from "./frame.ts";

/** All frames together; the one that was not looked at for longest goes first. */
const MOST_BYTES = 256 * 1024 ** 2;
/** Rows that are read and taken at a stretch. */
const SLICE_ROWS = 500;
/** Orders of one frame that are kept. */
const MOST_ORDERS = 8;
/** What a large job's table shows may be so old while its runs go on: whoever watches together shares one look. */
const LARGE_ROWS = 10_000;
const LARGE_REST_MS = 1000;
/** What other yards on the same database have changed is not told here: then a frame is made anew after so long. */
const SHARED_REST_MS = 5000;

/** One job's runs as columns, as they are now, until `use` returns. */
export interface View {
  frame: Frame;
  /** The rows that match, in order. */
  rows(where: readonly Condition[], sort: Sort): Promise<Uint32Array>;
  described(name: string): Promise<Described>;
}

/** Jobs' runs as columns in memory: made when first asked for, kept up to date by what is told of runs. */
export interface Frames {
  /** Refuses a job that is too large for it. */
  use<Result>(job: JobRow, work: (view: View) => Promise<Result>): Promise<Result | Refused>;
}

interface Kept {
  frame: Frame | null;
  spaces: string;
  madeAt: number;
  lookedAt: number;
  /** Runs that have changed since. */
  dirty: Set<number>;
  /** More has changed than is told run by run. */
  isStale: boolean;
  orders: Map<string, Uint32Array>;
  described: Map<string, Described>;
  /** Resolves when who uses it now is done. */
  last: Promise<unknown>;
  users: number;
}

export interface FramesOptions {
  store: Store;
  works: Works;
  clock: Pick<Clock, "steady">;
  mostBytes?: number;
}

export function openFrames({ store, works, clock, mostBytes = MOST_BYTES }: FramesOptions): Frames {
  const kept = new Map<JobId, Kept>();
  store.changes.hear((changes) => {
    for (const change of changes) {
      if (change.kind === "run") kept.get(change.job)?.dirty.add(change.n);
      if (change.kind === "runs") {
        const one = kept.get(change.job);
        if (one) one.isStale = true;
      }
    }
  });

  async function make(one: Kept, job: JobRow): Promise<Refused | null> {
    const work = await works.of(job);
    // What changes from here on is told and looked at again.
    one.isStale = false;
    one.dirty.clear();
    one.madeAt = clock.steady();
    one.lookedAt = one.madeAt;
    one.spaces = job.spaces;
    one.frame = null;
    forgetAnswers(one);
    const { total } = job.counts;
    const frame = openFrame(total, work.names, mostBytes);
    for (let from = 1; from <= total; from += SLICE_ROWS) {
      const to = Math.min(total, from + SLICE_ROWS - 1);
      frame.takeWork(work, from, to);
      frame.takeUnmade(job.unmadeStatus, null, null, from, to);
      if (frame.bytes() > mostBytes) return tooLarge(job);
      await breathe();
    }
    for (let after = 0; ; ) {
      const cells = await selectCellsAfter(store.read, job.id, after, SLICE_ROWS);
      frame.takeCells(cells);
      if (frame.bytes() > mostBytes) return tooLarge(job);
      await breathe();
      after = cells.at(-1)?.n ?? after;
      if (cells.length < SLICE_ROWS) break;
    }
    one.frame = frame;
    return null;
  }

  async function catchUp(one: Kept, frame: Frame, job: JobId): Promise<void> {
    const numbers = [...one.dirty];
    one.dirty.clear();
    one.lookedAt = clock.steady();
    for (let at = 0; at < numbers.length; at += SLICE_ROWS) {
      frame.takeCells(await selectCellsOf(store.read, job, numbers.slice(at, at + SLICE_ROWS)));
      await breathe();
    }
    forgetAnswers(one);
  }

  async function bringUpToDate(one: Kept, id: JobId): Promise<Frame | Refused> {
    const job = await selectJob(store.read, id);
    if (!job) return refuse({ code: "no_such_job", job: id });
    const { frame } = one;
    const now = clock.steady();
    const isOld = store.dialect.kind === "postgres" && now - one.madeAt > SHARED_REST_MS;
    const isOther = frame?.rows !== job.counts.total || one.spaces !== job.spaces;
    if (!frame || isOther || one.isStale || isOld) {
      const refused = await make(one, job);
      if (refused) return refused;
    } else if (one.dirty.size > 0) {
      const rests = frame.rows > LARGE_ROWS && now - one.lookedAt < LARGE_REST_MS;
      if (!rests) await catchUp(one, frame, id);
    }
    return one.frame as Frame;
  }

  function viewOf(one: Kept, frame: Frame): View {
    return {
      frame,
      async rows(where, sort) {
        const key = JSON.stringify([formatWhere(where), sort]);
        const known = one.orders.get(key);
        if (known) return known;
        const found = await inSlices(matching(frame, where));
        const order = isAsMade(sort) ? found : await inSlices(sorted(frame, found, sort));
        const [oldest] = one.orders.keys();
        if (one.orders.size >= MOST_ORDERS && oldest !== undefined) one.orders.delete(oldest);
        one.orders.set(key, order);
        return order;
      },
      async described(name) {
        const column = frame.column(name);
        const known = one.described.get(name);
        if (known || !column) return known ?? { kind: "empty", least: null, most: null, distinct: 0, present: 0 };
        const described = await inSlices(describeColumn(column, frame.rows));
        one.described.set(name, described);
        return described;
      },
    };
  }

  function bytesOf({ frame, orders }: Kept): number {
    let sum = frame?.bytes() ?? 0;
    for (const order of orders.values()) sum += order.byteLength;
    return sum;
  }

  /** Those that nobody uses, the one longest unused first. */
  function makeRoom(): void {
    let held = [...kept.values()].reduce((sum, one) => sum + bytesOf(one), 0);
    for (const [job, one] of kept) {
      if (held <= mostBytes) return;
      if (one.users > 0) continue;
      held -= bytesOf(one);
      kept.delete(job);
    }
  }

  return {
    async use(job, work) {
      const one = kept.get(job.id) ?? emptyKept();
      kept.delete(job.id);
      kept.set(job.id, one);
      one.users += 1;
      const before = one.last;
      const { promise, resolve } = Promise.withResolvers<void>();
      one.last = promise;
      await before;
      try {
        const frame = await bringUpToDate(one, job.id);
        return "refused" in frame ? frame : await work(viewOf(one, frame));
      } finally {
        one.users -= 1;
        resolve();
        makeRoom();
      }
    },
  };
}

function emptyKept(): Kept {
  return {
    frame: null,
    spaces: "",
    madeAt: 0,
    lookedAt: 0,
    dirty: new Set(),
    isStale: false,
    orders: new Map(),
    described: new Map(),
    last: Promise.resolve(),
    users: 0,
  };
}

function forgetAnswers(one: Kept): void {
  one.orders.clear();
  one.described.clear();
}

/** Rows are found in this order anyway. */
function isAsMade({ column, descending }: Sort): boolean {
  return column === "n" && !descending;
}

function tooLarge({ id, counts }: JobRow): Refused {
  const detail = `Job ${id} has ${counts.total} runs with more values than the yard can hold to filter and sort them. Look at them by number, or by a result: runyard results ${id} --sort KEY`;
  return refuse({ code: "bad_request", detail });
}
