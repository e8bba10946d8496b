import fc from "fast-check";
import { expect, test } from "vitest";
import { comesBefore, type Place, priorityAt } from "./priority_at.ts";

const place = fc.record({ id: fc.integer({ min: 1, max: 50 }), priority: fc.integer({ min: 0, max: 60 }) });

/** Jobs in the order of the queue. */
const queue = fc
  .uniqueArray(place, { minLength: 2, maxLength: 12, selector: ({ id }) => id })
  .map((places) => places.toSorted((a, b) => (comesBefore(a, b) ? -1 : 1)));

function landedAt(places: readonly Place[], from: number, to: number) {
  const [moved] = places.slice(from, from + 1);
  const others = places.toSpliced(from, 1);
  if (!moved) throw new Error("it is in the queue");
  const now = { ...moved, priority: priorityAt(moved, others[to - 1] ?? null, others[to] ?? null) };
  return { now, others, at: others.filter((other) => comesBefore(other, now)).length };
}

test("a job lands where it is put, wherever there is a priority for that", () => {
  fc.assert(
    fc.property(queue, fc.nat(), fc.nat(), (places, a, b) => {
      const [from, to] = [a % places.length, b % places.length];
      const { now, others, at } = landedAt(places, from, to);
      const fits = Array.from({ length: 1001 }, (_, priority) => ({ ...now, priority })).some(
        (job) => others.filter((other) => comesBefore(other, job)).length === to,
      );
      if (fits) expect(at).toBe(to);
    }),
  );
});

test("where there is none, it moves in the direction it was dragged, past all of that priority", () => {
  const all = [1, 2, 3, 4].map((id) => ({ id, priority: 30 }));
  expect(landedAt(all, 3, 1)).toMatchObject({ now: { id: 4, priority: 31 }, at: 0 });
  expect(landedAt(all, 0, 2)).toMatchObject({ now: { id: 1, priority: 29 }, at: 3 });
});

test("a job that stays where it is keeps its priority", () => {
  fc.assert(
    fc.property(queue, fc.nat(), (places, a) => {
      const from = a % places.length;
      expect(landedAt(places, from, from).now.priority).toBe(places[from]?.priority);
    }),
  );
});
