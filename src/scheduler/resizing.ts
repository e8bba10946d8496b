import type { Place } from "../core/open_machine.ts";
import type { AttemptId, SteadyMs } from "../core/run.ts";
import type { Resize } from "./deals.ts";
import type { Floor } from "./floor.ts";
import type { Queue } from "./queue.ts";

/** Runs that go over to another number of workers: until they have left, what they are to have besides is kept for them. */
export interface Resizing {
  /** They are asked to leave. */
  begin(resizes: readonly Resize[], floor: Floor): void;
  /** Those who have left get their places as everybody does: what was kept for them is free. */
  settle(queue: Queue, floor: Floor, now: SteadyMs): void;
}

export function openResizing(): Resizing {
  const kept = new Map<string, { job: number; n: number; places: (Place & { attempt: AttemptId })[] }>();
  return {
    begin(resizes, floor) {
      for (const { run, added } of resizes) {
        if (run.n === null) continue;
        const key = `${run.job}.${run.n}`;
        const places = added.map((place, at) => ({ ...place, attempt: `${key} resized ${at}` as AttemptId }));
        for (const { machine, slot, attempt } of places) floor.seat(machine, { attempt, slot, endsAt: null });
        kept.set(key, { job: run.job, n: run.n, places });
      }
    },
    settle(queue, floor, now) {
      for (const [key, { job, n, places }] of kept) {
        if (queue.holds(job, n)) continue;
        for (const { machine, attempt } of places) floor.leave(machine, [{ attempt, tookMs: null }], now);
        kept.delete(key);
      }
    },
  };
}
