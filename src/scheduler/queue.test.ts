import fc from "fast-check";
import { expect, test } from "vitest";
import { knownPolicies } from "../core/policies/known_policies.ts";
import type { Room } from "../core/policies/policy.ts";
import { policyNamed, USUAL_RULES } from "../core/policies/rules.ts";
import type { AttemptId, JobId } from "../core/run.ts";
import type { JobRow } from "../store/jobs.ts";
import { type HeldAttempt, openQueue, type Queue } from "./queue.ts";
import type { QueuedRun } from "./queued_run.ts";

interface Facts {
  id: number;
  priority: number;
  gpus: number;
  paused: boolean;
  waitingFor: number;
  queued: number;
  running: number;
  atMost: number | null;
  timeLimitMs: number | null;
}

/** What the queue looks at; the rest of a row is the store's. */
function aRow({ gpus, queued, running, ...facts }: Facts): JobRow {
  const demand = { gpus, cpus: null, memoryBytes: null };
  const rest = { user: "ada", pool: "local", demand, expectedMs: null, resumable: true, endedAt: null };
  return { ...rest, ...facts, counts: { queued, running } } as unknown as JobRow;
}

function aFact(id: number, changes: Partial<Facts> = {}): Facts {
  const usual = { priority: 30, gpus: 0, paused: false, waitingFor: 0, queued: 1, running: 0, atMost: null };
  return { id, ...usual, timeLimitMs: null, ...changes };
}

const total = { gpus: 100, cpus: 100, memoryBytes: 100 };

function under(name: string) {
  const policy = policyNamed(name);
  return () => ({
    ...policy.open<QueuedRun>({ ...USUAL_RULES, minQuantumSeconds: 0, preemptCostSeconds: 0, total }),
    preempts: policy.preempts,
    resizes: false,
    mostGpusOf: () => Number.POSITIVE_INFINITY,
  });
}

/** So many places for whichever comes. */
function places(count: number): Room<QueuedRun, "somewhere"> {
  let left = count;
  return {
    within: () => (left > 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY),
    mayHold: () => true,
    seat: () => (left-- > 0 ? "somewhere" : null),
    reserve: () => {},
    lend: (holders) => {
      left += holders.length;
    },
    keep: () => left-- > 0,
    resize: () => null,
  };
}

/** `12` for any run of a job, `12.3` for a certain one. */
const nameOf = ({ job, n }: QueuedRun) => (n === null ? `${job}` : `${job}.${n}`);

function started(queue: Queue, count: number, now = 0): string[] {
  return queue.deal("local", now, places(count)).start.map(({ run }) => nameOf(run));
}

function aHeld(job: JobRow, n: number, changes: Partial<HeldAttempt> = {}): HeldAttempt {
  const slot = { devices: "", gpus: [], cpus: 1, memoryBytes: 0 };
  const seats = [{ attempt: `${job.id}.${n}.1-x` as AttemptId, machine: 1, slot }];
  return { job, n, seats, servedSeconds: 0, isLeaving: false, ...changes };
}

test("whatever becomes of jobs, those that may start come by priority, then submission, as often as they may", () => {
  const fact = fc.record({
    id: fc.integer({ min: 1, max: 12 }),
    priority: fc.constantFrom(10, 30, 50),
    paused: fc.boolean(),
    waitingFor: fc.constantFrom(0, 0, 1),
    queued: fc.integer({ min: 0, max: 3 }),
    running: fc.integer({ min: 0, max: 2 }),
    atMost: fc.constantFrom(null, 1, 2),
    timeLimitMs: fc.constantFrom(null, 1000, 5000),
  });
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 40 }), fc.integer({ min: 0, max: 15 }), (facts, count) => {
      const queue = openQueue(under("backfill"));
      const known = new Map<number, Facts>();
      for (const one of facts) {
        // A job never asks for something else.
        const now = aFact(one.id, { ...one, gpus: one.id % 3 });
        if (now.queued > 0) known.set(now.id, now);
        else known.delete(now.id);
        queue.refresh([now.id], now.queued > 0 ? [aRow(now)] : [], [], 0);
      }
      const may = ({ paused, waitingFor, queued, running, atMost }: Facts) =>
        paused || waitingFor > 0 ? 0 : Math.max(0, Math.min(queued, (atMost ?? 9) - running));
      const expected = [...known.values()]
        .sort((a, b) => b.priority - a.priority || a.id - b.id)
        .flatMap((one) => new Array<string>(may(one)).fill(String(one.id)));
      if (known.size > 0) expect(started(queue, count)).toEqual(expected.slice(0, count));
    }),
  );
});

test("what was started counts, until the store is asked again", () => {
  const queue = openQueue(under("backfill"));
  queue.refresh([1, 2], [aFact(1, { queued: 5, atMost: 3 }), aFact(2)].map(aRow), [], 0);
  queue.took(1, null);
  queue.took(1, null);
  queue.took(2, null);
  expect(started(queue, 9)).toEqual(["1"]);
  queue.took(1, null);
  expect(started(queue, 9)).toEqual([]);
  expect(queue.get(1)?.counts.queued).toBe(2);
  expect(queue.get(2)).toBeUndefined();
});

test("who goes on comes before the others of its job, and is started as itself", () => {
  const queue = openQueue(under("backfill"));
  const goingOn = [{ job: 2 as JobId, n: 7, servedMs: 5000 }];
  queue.refresh([1, 2], [aFact(1), aFact(2, { queued: 3 })].map(aRow), goingOn, 0);
  expect(started(queue, 9)).toEqual(["1", "2.7", "2", "2"]);
  queue.took(2, 7);
  expect(started(queue, 9)).toEqual(["1", "2", "2"]);
  queue.refresh([2], [aRow(aFact(2, { queued: 2, atMost: 1 }))], goingOn, 0);
  expect(started(queue, 9)).toEqual(["1", "2.7"]);
});

test("under srtf who has long to go makes room, once, and keeps its place until it has left", () => {
  const queue = openQueue(under("srtf"));
  const long = aRow(aFact(1, { timeLimitMs: 100_000 }));
  queue.hold(aHeld(long, 1), 0);
  queue.refresh([2], [aRow(aFact(2, { timeLimitMs: 5000 }))], [], 1);
  const { start, stop } = queue.deal("local", 1, places(0));
  expect([start.map(({ run }) => nameOf(run)), stop.map(({ run }) => nameOf(run))]).toEqual([["2"], ["1.1"]]);
  for (const { run, order } of stop) queue.asked(run, order);
  expect(queue.deal("local", 2, places(0)).stop).toEqual([]);
  queue.leave("1.1.1-x" as AttemptId, 2);
  expect(started(queue, 0)).toEqual([]);
  expect(started(queue, 1)).toEqual(["2"]);
});

test("who has made room waits before its equals that came after it", () => {
  const queue = openQueue(under("smallest"));
  queue.hold(aHeld(aRow(aFact(1)), 1), 0);
  queue.refresh([2, 3], [aFact(2), aFact(3, { priority: 50 })].map(aRow), [], 1);
  for (const { run, order } of queue.deal("local", 1, places(0)).stop) queue.asked(run, order);
  queue.leave("1.1.1-x" as AttemptId, 2);
  queue.refresh([1], [aRow(aFact(1))], [{ job: 1 as JobId, n: 1, servedMs: 1000 }], 2);
  expect(started(queue, 9, 2)).toEqual(["3", "1.1", "2"]);
});

test("who was stopped after it had its part does not come back before it had, though it began later than it got its place", () => {
  const queue = openQueue(under("las"));
  queue.hold(aHeld(aRow(aFact(1)), 1), 0);
  queue.refresh([2], [aRow(aFact(2))], [], 1);
  const { stop } = queue.deal("local", 3250, places(0));
  for (const { run, order } of stop) queue.asked(run, order);
  queue.leave("1.1.1-x" as AttemptId, 3251);
  queue.refresh([1], [aRow(aFact(1))], [{ job: 1 as JobId, n: 1, servedMs: 3_249_000 }], 3251);
  queue.refresh([3], [aRow(aFact(3))], [], 3252);
  expect(started(queue, 9, 3252)).toEqual(["2", "3", "1.1"]);
});

test("who has run counts what it has run, also in another policy and in another life of the yard", () => {
  const queue = openQueue(under("backfill"));
  const row = (id: number) => aRow(aFact(id, { timeLimitMs: 100_000 }));
  queue.hold(aHeld(row(1), 1, { servedSeconds: 70 }), 0);
  queue.hold(aHeld(row(2), 1), 0);
  queue.govern(under("srtf"), 20);
  // 10 s to go, 80 s to go, and one that takes 50.
  queue.refresh([3], [aRow(aFact(3, { timeLimitMs: 50_000 }))], [], 20);
  const { start, stop } = queue.deal("local", 20, places(0));
  expect([start.map(({ run }) => nameOf(run)), stop.map(({ run }) => nameOf(run))]).toEqual([["3"], ["2.1"]]);
});

test("nothing is lost from policy to policy", () => {
  const queue = openQueue(under("fifo"));
  queue.refresh([1, 2], [aFact(1, { queued: 2 }), aFact(2, { priority: 50 })].map(aRow), [], 0);
  for (const name of Object.keys(knownPolicies)) {
    queue.govern(under(name), 1);
    expect(started(queue, 9, 1).sort(), name).toEqual(["1", "1", "2"]);
  }
});

test("a new priority holds for who waits and for who has a place", () => {
  const queue = openQueue(under("las"));
  queue.hold(aHeld(aRow(aFact(1)), 1), 0);
  queue.refresh([2], [aRow(aFact(2))], [], 0);
  expect(queue.deal("local", 0, places(0))).toMatchObject({ start: [], stop: [] });
  queue.refresh([2], [aRow(aFact(2, { priority: 50 }))], [], 0);
  expect(queue.deal("local", 0, places(0)).stop).toHaveLength(1);
  queue.refresh([1], [aRow(aFact(1, { priority: 60, queued: 0, running: 1 }))], [], 0);
  expect(queue.deal("local", 0, places(0)).stop).toHaveLength(0);
});

test("who has used up their quota comes after all others, waiting or not, until it is otherwise", () => {
  const queue = openQueue(under("las"));
  const bobs = { ...aRow(aFact(2, { priority: 10 })), user: "bob" };
  queue.hold(aHeld(aRow(aFact(1, { priority: 50 })), 1), 0);
  queue.refresh([2, 3], [bobs, aRow(aFact(3))], [], 0);
  expect(queue.deal("local", 0, places(0)).stop).toHaveLength(0);
  queue.lend("local", new Set(["ada"]), 1);
  const { start, stop } = queue.deal("local", 1, places(1));
  expect([start.map(({ run }) => nameOf(run)), stop]).toEqual([["2"], []]);
  expect(queue.deal("local", 1, places(0)).stop.map(({ run }) => nameOf(run))).toEqual(["1.1"]);
  queue.lend("local", new Set(), 2);
  expect(started(queue, 1, 2)).toEqual(["3"]);
});

test("what is held is told by pool and user, in GPU seconds", () => {
  const queue = openQueue(under("backfill"));
  const row = { ...aRow(aFact(1)), pool: "local,slurm" };
  const slot = { devices: "0,1", gpus: ["0", "1"], cpus: 0, memoryBytes: 0 };
  queue.hold(aHeld(row, 1, { seats: [{ attempt: "1.1.1-x" as AttemptId, machine: 1, slot }] }), 10);
  expect(queue.held("local", 15)).toEqual([{ pool: "local", user: "ada", gpuSeconds: 10 }]);
  expect(queue.held("slurm", 15)).toEqual([]);
  expect(queue.leave("1.1.1-x" as AttemptId, 20)).toEqual({ pool: "local", user: "ada", gpuSeconds: 20 });
  expect(queue.leave("1.1.1-x" as AttemptId, 20)).toBeNull();
});
