import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openDice } from "../../test/helpers/dice.ts";
import { backfill } from "../core/policies/backfill.ts";
import type { MachineRun } from "../core/policies/machine_room.ts";
import { optimus } from "../core/policies/optimus.ts";
import type { OpenPolicy, Policy, PolicyRun, PolicySettings } from "../core/policies/policy.ts";
import type { Cluster } from "./cluster.ts";
import { figuresOf } from "./figures.ts";
import { IDEAL, simulate } from "./simulate.ts";
import { type ElasticTrace, speedUp, type TraceJob } from "./trace.ts";

const GPUS = 6;
const usual = { ...IDEAL, estimates: true };

const someElastic = fc
  .record({ min: fc.integer({ min: 1, max: 4 }), more: fc.nat(6), serial: fc.constantFrom(0, 0.1, 0.4, 1) })
  .map(({ min, more, serial }) => ({ min, max: min + more, serial }));
const someTrace = fc
  .array(
    fc.record({
      gpus: fc.integer({ min: 1, max: GPUS }),
      submittedAt: fc.nat(300),
      durationSeconds: fc.nat(400),
      user: fc.constantFrom("ada", "bob"),
      priority: fc.constantFrom(30, 30, 30, 10, 50),
      elastic: fc.option(someElastic, { nil: undefined, freq: 4 }),
    }),
    { maxLength: 20 },
  )
  .map((jobs) => jobs.map((job, i) => ({ id: String(i), ...job })));
/** Under these, jobs that ask for more never start. */
const someLimits = fc.constantFrom<Record<string, number>>({}, { ada: 3 }, { "*": 4 });
const someSettings = fc.record({
  cluster: fc.constantFrom<Cluster>({ gpus: GPUS }, { machines: 3, gpusEach: 2 }, { machines: 2, gpusEach: 3 }),
  minQuantumSeconds: fc.constantFrom(0, 50),
  preemptCostSeconds: fc.constantFrom(0, 0, 5, 40),
});

/** Looks at who holds what, each time when all of one instant has been told. */
function watched(look: (holding: readonly MachineRun[]) => void) {
  const open = <Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run> => {
    const opened = optimus.open<Run>(settings);
    const holding = new Set<Run>();
    return {
      ...opened,
      wait(run, now, order) {
        holding.delete(run);
        opened.wait(run, now, order);
      },
      hold(run, now, order) {
        holding.add(run);
        opened.hold(run, now, order);
      },
      forget(run) {
        holding.delete(run);
        opened.forget(run);
      },
      nextAt() {
        // Asked for when all of an instant is done.
        look([...holding] as unknown as MachineRun[]);
        return opened.nextAt();
      },
    };
  };
  return { ...optimus, open };
}

describe("under optimus, whatever the trace and however elastic its jobs are", () => {
  test("no GPU is given twice at any instant, and each job has as many as it may have", () => {
    let resized = 0;
    fc.assert(
      fc.property(someTrace, someSettings, someLimits, (trace, settings, mostGpus) => {
        const look = (holding: readonly MachineRun[]) => {
          expect(holding.reduce((sum, { asks }) => sum + asks.gpus, 0)).toBeLessThanOrEqual(GPUS);
          for (const { asks, elastic, seats } of holding) {
            const onMachines = seats.reduce((sum, { slot }) => sum + slot.gpus.length, 0);
            if ("machines" in settings.cluster) expect(onMachines).toBe(asks.gpus);
            if (!elastic) continue;
            expect(elastic.workers).toBe(asks.gpus);
            expect(elastic.workers).toBeGreaterThanOrEqual(elastic.min);
            expect(elastic.workers).toBeLessThanOrEqual(elastic.max);
          }
          const taken = holding.flatMap(({ seats }) =>
            seats.flatMap(({ machine, slot }) => slot.gpus.map((gpu) => `${machine}/${gpu}`)),
          );
          expect(new Set(taken).size).toBe(taken.length);
          if (settings.minQuantumSeconds + settings.preemptCostSeconds > 0) return;
          for (const user of ["ada", "bob"]) {
            const its = holding.filter((run) => run.user === user);
            const held = its.reduce((sum, { asks }) => sum + asks.gpus, 0);
            const least = its.reduce((sum, { asks, elastic }) => sum + (elastic?.min ?? asks.gpus), 0);
            const most = mostGpus[user] ?? mostGpus["*"] ?? GPUS;
            expect(held).toBeLessThanOrEqual(Math.max(least, most));
          }
        };
        const ended = simulate(trace, watched(look), { ...usual, ...settings, mostGpus });
        resized += ended.reduce((sum, { resizes }) => sum + resizes, 0);
      }),
      { numRuns: 400 },
    );
    expect(resized).toBeGreaterThan(400);
  });

  test("all jobs end when they have done their work, and the same trace gives the same again", () => {
    fc.assert(
      fc.property(someTrace, someSettings, (trace, settings) => {
        const ended = simulate(trace, optimus, { ...usual, ...settings });
        for (const { job, startedAt, endedAt, preemptions, resizes, ranSeconds, gpuSeconds } of ended) {
          expect(startedAt).toBeGreaterThanOrEqual(job.submittedAt);
          const { min, max } = job.elastic ?? { min: job.gpus, max: job.gpus };
          const fastest = job.elastic ? speedUp(job.elastic, Math.min(max, GPUS)) / speedUp(job.elastic, job.gpus) : 1;
          expect(ranSeconds).toBeGreaterThanOrEqual(job.durationSeconds / fastest - 1e-6);
          if (!job.elastic) expect([ranSeconds, resizes]).toEqual([job.durationSeconds, 0]);
          const changes = preemptions + resizes;
          if (preemptions === 0)
            expect(endedAt - startedAt).toBeLessThanOrEqual(ranSeconds + changes * settings.preemptCostSeconds);
          expect(gpuSeconds).toBeGreaterThanOrEqual(min * ranSeconds);
          expect(gpuSeconds).toBeLessThanOrEqual(max * (endedAt - startedAt));
        }
        expect(simulate(trace, optimus, { ...usual, ...settings })).toEqual(ended);
      }),
    );
  });

  test("a job that may have one number of GPUs only is as one that is not elastic, and so is any under other policies", () => {
    fc.assert(
      fc.property(someTrace, (trace) => {
        const settings = { ...usual, cluster: { gpus: GPUS } };
        const ends = (jobs: readonly TraceJob[], policy: Parameters<typeof simulate>[1]) =>
          simulate(jobs, policy, settings).map(({ endedAt, preemptions, resizes }) => [endedAt, preemptions, resizes]);
        const fixed = trace.map((job) => ({ ...job, elastic: undefined }));
        const narrow = trace.map((job) => ({ ...job, elastic: { min: job.gpus, max: job.gpus, serial: 0.1 } }));
        expect(ends(narrow, optimus)).toEqual(ends(fixed, optimus));
        expect(ends(trace, backfill)).toEqual(ends(fixed, backfill));
      }),
    );
  });

  test("jobs whose workers may be anywhere fare on machines as with counted GPUs", () => {
    const single = someTrace.map((trace) =>
      trace.map((job) => ({ ...job, gpus: 1, elastic: job.elastic && { ...job.elastic, min: 1 } })),
    );
    fc.assert(
      fc.property(single, (trace) => {
        const ends = (cluster: Cluster) =>
          simulate(trace, optimus, { ...usual, cluster }).map(({ endedAt, preemptions }) => [endedAt, preemptions]);
        expect(ends({ machines: 3, gpusEach: 2 })).toEqual(ends({ gpus: GPUS }));
      }),
    );
  });
});

test("a job alone gets all it may have; one that comes gets its least, and when it is gone the first has all again", () => {
  const job = (id: string, gpus: number, submittedAt: number, durationSeconds: number) => {
    return { id, user: "", gpus, submittedAt, durationSeconds, priority: 30 };
  };
  const trace = [
    { ...job("elastic", 1, 0, 300), elastic: { min: 1, max: 4, serial: 0 } },
    { ...job("fixed", 3, 15, 10) },
  ];
  const [first, second] = simulate(trace, optimus, { ...usual, cluster: { gpus: 4 } });
  // 15 s with 4, 10 s with 1, then 230 of its seconds with 4 again: 57.5 s, to the end of the second.
  expect(first).toMatchObject({ startedAt: 0, endedAt: 83, resizes: 2, preemptions: 0, ranSeconds: 83 });
  expect(first?.gpuSeconds).toBe(15 * 4 + 10 + 58 * 4);
  expect(second).toMatchObject({ startedAt: 15, endedAt: 25, resizes: 0 });
});

/** Jobs that more GPUs speed up less and less; their durations are those with one. */
function subLinear(seed: number): (TraceJob & { elastic: ElasticTrace })[] {
  const dice = openDice(seed);
  let at = 0;
  return Array.from({ length: 200 }, (_, i) => {
    at += dice.whole(0, 400);
    const elastic = { min: 1, max: 8, serial: dice.whole(10, 150) / 1000 };
    const durationSeconds = Math.ceil(600 * Math.exp(1 + 1.2 * dice.normal()));
    return { id: String(i), user: "", gpus: 1, submittedAt: at, durationSeconds, priority: 30, elastic };
  });
}

const ends = (jobs: readonly TraceJob[], policy: Policy) =>
  figuresOf(simulate(jobs, policy, { ...usual, cluster: { gpus: 16 } }), 16).averageCompletionSeconds;
const traces = [1, 2, 3, 4, 5].map(subLinear);
const elasticSeconds = traces.reduce((sum, jobs) => sum + ends(jobs, optimus), 0);
const ratios = [1, 2, 4, 8].map((gpus) => {
  const fixed = traces.map((jobs) =>
    jobs.map(({ elastic, ...job }) => {
      return { ...job, gpus, durationSeconds: Math.ceil(job.durationSeconds / speedUp(elastic, gpus)) };
    }),
  );
  const ratio = fixed.reduce((sum, jobs) => sum + ends(jobs, backfill), 0) / elasticSeconds;
  return { gpus, ratio, told: ratio.toFixed(2) };
});

test.each(
  ratios,
)("on a loaded pool, jobs that speed up sub-linearly end $told times sooner than with $gpus GPUs each under backfill", ({
  ratio,
}) => {
  expect(ratio).toBeGreaterThanOrEqual(1.2);
});
