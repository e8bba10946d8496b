import { describe, expect, test } from "vitest";
import { anElasticRun, aPolicyRun, emptyMachines } from "../../../test/helpers/policy_world.ts";
import { IDEAL } from "../../simulator/simulate.ts";
import { openCountedRoom } from "./counted_room.ts";
import { withLimits } from "./limits.ts";
import { type MachineRun, openMachineRoom } from "./machine_room.ts";
import { optimus, RESIZE_INTERVAL_SECONDS } from "./optimus.ts";
import type { PolicySettings } from "./policy.ts";

/** A pool of counted GPUs under the policy. */
function aPool(gpus: number, rules: Partial<PolicySettings> = {}) {
  const settings = { ...IDEAL, ...rules, total: { gpus, cpus: 0, memoryBytes: 0 } };
  const policy = withLimits(optimus.open<MachineRun>(settings), settings);
  const room = openCountedRoom<MachineRun>(gpus);

  function give(run: MachineRun, workers: number | undefined, now: number): void {
    if (run.elastic) {
      run.elastic.workers = workers ?? 0;
      run.asks = { ...run.asks, gpus: workers ?? 0 };
    }
    policy.hold(run, now);
  }

  return {
    wait(now: number, ...runs: MachineRun[]): void {
      for (const run of runs) policy.wait(run, now);
    },
    end(run: MachineRun): void {
      room.release(run);
      policy.forget(run);
    },
    /** GPUs of those who start and those who are resized, by their number of submission; 0: it is stopped. */
    deal(now: number): Record<string, number> {
      room.open(now);
      const deal = policy.deal(now, room);
      const told: Record<string, number> = {};
      for (const { run } of deal.stop) {
        room.release(run);
        run.asks = { ...run.asks, gpus: run.elastic?.min ?? run.asks.gpus };
        policy.wait(run, now);
        told[run.submitted] = 0;
      }
      for (const { run, workers } of [...deal.resize, ...deal.start]) {
        give(run, workers, now);
        told[run.submitted] = run.asks.gpus;
      }
      return told;
    },
    nextAt: () => policy.nextAt(),
  };
}

const fixed = (submitted: number, gpus: number, changes: Partial<MachineRun> = {}) =>
  aPolicyRun(submitted, { gpus, cpus: 0, memoryBytes: null }, changes);

describe("worker counts", () => {
  test("each gets its least by arrival; who does not get that is passed over, and the rest goes where it saves most", () => {
    const pool = aPool(8);
    pool.wait(
      0,
      anElasticRun(0, { min: 2, max: 8, steps: 100 }),
      fixed(1, 7),
      anElasticRun(2, { min: 1, max: 8, steps: 900 }),
    );
    // From 1 worker to 2 the third saves 450 s, and from 4 to 5 still 45; the first saves 16 with a third worker.
    expect(pool.deal(0)).toEqual({ 0: 2, 2: 6 });
  });

  test("higher priority comes first, and takes the places of those below it", () => {
    const pool = aPool(4);
    pool.wait(0, anElasticRun(0, { min: 3, max: 4, steps: 100 }));
    expect(pool.deal(0)).toEqual({ 0: 4 });
    pool.wait(1, anElasticRun(1, { min: 1, max: 1, steps: 100 }), fixed(2, 2, { priority: 50 }));
    expect(pool.deal(1)).toEqual({ 0: 0, 1: 1, 2: 2 });
  });

  test("a run that does not yield is neither stopped nor resized", () => {
    const pool = aPool(4);
    pool.wait(0, anElasticRun(0, { min: 1, max: 3, steps: 100 }, { yields: false }));
    expect(pool.deal(0)).toEqual({ 0: 3 });
    pool.wait(1, fixed(1, 2, { priority: 50 }), fixed(2, 1));
    expect(pool.deal(1)).toEqual({ 2: 1 });
  });

  test("nor is one before it has made up for what the change cost it, and as much again", () => {
    const pool = aPool(4, { preemptCostSeconds: 60 });
    pool.wait(0, anElasticRun(0, { min: 1, max: 4, steps: 10_000 }));
    expect(pool.deal(0)).toEqual({ 0: 4 });
    pool.wait(50, fixed(1, 2));
    expect(pool.deal(119)).toEqual({});
    expect(pool.deal(120)).toEqual({ 0: 2, 1: 2 });
  });

  test("more workers that save less than the change costs are not given", () => {
    const pool = aPool(4, { preemptCostSeconds: 60 });
    const other = fixed(0, 2);
    pool.wait(0, other, anElasticRun(1, { min: 1, max: 4, steps: 230 }), anElasticRun(2, { min: 1, max: 1, steps: 0 }));
    expect(pool.deal(0)).toEqual({ 0: 2, 1: 1, 2: 1 });
    pool.end(other);
    // With 3 it would take 77 s in place of 230: worth it. Then with 4: 19 s less, which is not.
    expect(pool.deal(200)).toEqual({ 1: 3 });
  });

  test("they stay within what their user may hold", () => {
    const pool = aPool(8, { mostGpus: { ada: 5 } });
    pool.wait(0, anElasticRun(0, { min: 1, max: 8, steps: 100 }), fixed(1, 2), fixed(2, 3));
    expect(pool.deal(0)).toEqual({ 0: 3, 1: 2 });
    // What is given back counts for others of the same user.
    const later = aPool(8, { mostGpus: { ada: 5 } });
    later.wait(0, anElasticRun(0, { min: 1, max: 8, steps: 100 }));
    expect(later.deal(0)).toEqual({ 0: 5 });
    later.wait(1, fixed(1, 2));
    expect(later.deal(1)).toEqual({ 0: 3, 1: 2 });
  });

  test("they are decided anew after an interval, where any that hold places are elastic", () => {
    const pool = aPool(4);
    const elastic = anElasticRun(1, { min: 1, max: 2, steps: 100 });
    pool.wait(0, fixed(0, 4), elastic);
    pool.deal(0);
    expect(pool.nextAt()).toBe(Number.POSITIVE_INFINITY);
    const other = aPool(4);
    other.wait(7, elastic);
    other.deal(7);
    expect(other.nextAt()).toBe(7 + RESIZE_INTERVAL_SECONDS);
    other.end(elastic);
    expect(other.nextAt()).toBe(Number.POSITIVE_INFINITY);
  });
});

test("on machines, workers stay where they are when others are added or go", () => {
  const machines = emptyMachines(3, { gpus: 2 });
  const settings = { ...IDEAL, total: { gpus: 6, cpus: 0, memoryBytes: 0 } };
  const policy = optimus.open<MachineRun>(settings);
  const run = anElasticRun(0, { min: 1, max: 6, steps: 100 });
  policy.wait(run, 0);
  const places = policy.deal(0, openMachineRoom(machines, [], 0)).start[0]?.place.workers ?? [];
  expect(places.map(({ machine, slot }) => `${machine}/${slot.devices}`).sort()).toEqual([
    "0/0",
    "0/1",
    "1/0",
    "1/1",
    "2/0",
    "2/1",
  ]);

  Object.assign(run, { seats: places, asks: { ...run.asks, gpus: 6 } });
  if (run.elastic) run.elastic.workers = 6;
  policy.hold(run, 0);
  policy.wait(aPolicyRun(1, { gpus: 2, cpus: 0, memoryBytes: null }), 1);
  const deal = policy.deal(1, openMachineRoom(machines, [], 1000));
  expect(deal.resize.map(({ workers }) => workers)).toEqual([4]);
  const kept = deal.resize[0]?.place.workers ?? [];
  expect(kept.every((place) => places.includes(place))).toBe(true);
  const [start] = deal.start;
  expect(start?.place).toMatchObject({ workers: [{ machine: 2 }], isFree: false });
  expect(kept.map(({ machine }) => machine)).not.toContain(2);
});
