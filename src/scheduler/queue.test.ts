import fc from "fast-check";
import { expect, test } from "vitest";
import { demandKey } from "../core/demand.ts";
import type { JobRow } from "../store/jobs.ts";
import { openQueue } from "./queue.ts";

interface Facts {
  id: number;
  priority: number;
  gpus: number;
  paused: boolean;
  waitingFor: number;
  queued: number;
  running: number;
  atMost: number | null;
}

/** What the queue looks at; the rest of a row is the store's. */
function aRow({ gpus, queued, running, ...facts }: Facts): JobRow {
  const demand = { gpus, cpus: null, memoryBytes: null };
  return { ...facts, pool: "local", demand, timeLimitMs: null, counts: { queued, running } } as unknown as JobRow;
}

function aFact(id: number, changes: Partial<Facts> = {}): Facts {
  const usual = { priority: 30, gpus: 0, paused: false, waitingFor: 0, queued: 1, running: 0, atMost: null };
  return { id, ...usual, ...changes };
}

const idsOf = (jobs: Iterable<{ id: number }>) => [...jobs].map(({ id }) => id);

test("whatever becomes of jobs, those that may start are gone through by priority, then submission", () => {
  const fact = fc.record({
    id: fc.integer({ min: 1, max: 12 }),
    priority: fc.constantFrom(10, 30, 50),
    paused: fc.boolean(),
    waitingFor: fc.constantFrom(0, 0, 1),
    queued: fc.integer({ min: 0, max: 3 }),
    running: fc.integer({ min: 0, max: 2 }),
    atMost: fc.constantFrom(null, 1, 2),
  });
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 40 }), (facts) => {
      const queue = openQueue();
      const known = new Map<number, Facts>();
      for (const one of facts) {
        // A job never asks for something else.
        const now = aFact(one.id, { ...one, gpus: one.id % 3 });
        if (now.queued > 0) known.set(now.id, now);
        else known.delete(now.id);
        queue.refresh([now.id], now.queued > 0 ? [aRow(now)] : []);
      }
      const may = ({ paused, waitingFor, running, atMost }: Facts) => {
        return !paused && waitingFor === 0 && (atMost === null || running < atMost);
      };
      const expected = [...known.values()].filter(may).sort((a, b) => b.priority - a.priority || a.id - b.id);
      expect(idsOf(queue.eligible("local", new Set()))).toEqual(idsOf(expected));
      const without = new Set([demandKey({ gpus: 1, cpus: null, memoryBytes: null })]);
      expect(idsOf(queue.eligible("local", without))).toEqual(idsOf(expected.filter(({ gpus }) => gpus !== 1)));
    }),
  );
});

test("what is found not to fit on the way is left out from there on", () => {
  const queue = openQueue();
  const rows = [aFact(1, { gpus: 1 }), aFact(2), aFact(3, { gpus: 1 }), aFact(4)].map(aRow);
  queue.refresh(idsOf(rows), rows);
  const without = new Set<string>();
  const seen: number[] = [];
  for (const job of queue.eligible("local", without)) {
    seen.push(job.id);
    if (job.id === 1) without.add(demandKey(job.demand));
  }
  expect(seen).toEqual([1, 2, 4]);
});

test("a run that waits grows older, but not while its job may not start", () => {
  const queue = openQueue();
  queue.refresh([1], [aRow(aFact(1))]);
  queue.blocked(1, 5);
  queue.blocked(1, 9);
  expect([...queue.eligible("local", new Set())]).toMatchObject([{ blockedSince: 5 }]);
  queue.refresh([1], [aRow(aFact(1, { paused: true }))]);
  queue.refresh([1], [aRow(aFact(1))]);
  expect([...queue.eligible("local", new Set())]).toMatchObject([{ blockedSince: null }]);
});

test("runs that were started are no longer there, and count against how many may run at once", () => {
  const queue = openQueue();
  queue.refresh([1, 2], [aRow(aFact(1, { queued: 5, atMost: 2 })), aRow(aFact(2))]);
  queue.took(1, 1);
  queue.took(2, 1);
  expect([...queue.eligible("local", new Set())]).toMatchObject([{ id: 1, startable: 1 }]);
  queue.took(1, 1);
  expect([...queue.eligible("local", new Set())]).toEqual([]);
  expect(queue.get(1)?.counts.queued).toBe(3);
  expect(queue.get(2)).toBeUndefined();
});
