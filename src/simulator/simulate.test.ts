import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { plainPolicies } from "../../test/helpers/plain_policies.ts";
import { parseTrace } from "../cli/trace_file.ts";
import { knownPolicies } from "../core/policies/known_policies.ts";
import type { OpenPolicy, PolicyRun, PolicySettings } from "../core/policies/policy.ts";
import { type Cluster, gpusOf } from "./cluster.ts";
import { figuresOf } from "./figures.ts";
import { IDEAL, simulate } from "./simulate.ts";
import type { TraceJob } from "./trace.ts";

const tiresias = { file: "tiresias-60.csv", gpus: 16 };
const philly = { file: "philly-992.csv", gpus: 64 };
const usual = { ...IDEAL, estimates: true };

function traceIn(file: string, gpus: number): TraceJob[] {
  const path = fileURLToPath(new URL(`../../examples/traces/${file}`, import.meta.url));
  const trace = parseTrace(readFileSync(path, "utf8"), gpus);
  if ("problem" in trace) throw new Error(trace.problem.code);
  return trace.jobs;
}

function known(name: string) {
  const policy = knownPolicies[name];
  if (!policy) throw new Error(name);
  return policy;
}

describe("the figures of public traces that the Tiresias simulator gives", () => {
  test.each([
    { ...tiresias, policy: "fifo", average: 200.8, makespan: 3335 },
    { ...tiresias, policy: "backfill", average: 190.7, makespan: 3271 },
    { ...tiresias, policy: "smallest", average: 198.2, makespan: 3271 },
    { ...tiresias, policy: "srtf", average: 192.1, makespan: 3271 },
    { ...tiresias, policy: "srsf", average: 195.9, makespan: 3315 },
    { ...tiresias, policy: "las", average: 190.7, makespan: 3271 },
    { ...philly, policy: "fifo", average: 991167.0, makespan: 8171961 },
    { ...philly, policy: "backfill", average: 480104.8, makespan: 8171961 },
    { ...philly, policy: "smallest", average: 408105.8, makespan: 8171961 },
    { ...philly, policy: "srtf", average: 180116.3, makespan: 8171961 },
    { ...philly, policy: "srsf", average: 172683.7, makespan: 8171961 },
    { ...philly, policy: "las", average: 327259.4, makespan: 8171961 },
  ])("$policy on $file", ({ file, gpus, policy, average, makespan }) => {
    // Those of backfill were made without estimates.
    const settings = { ...usual, cluster: { gpus }, estimates: policy !== "backfill" };
    const figures = figuresOf(simulate(traceIn(file, gpus), known(policy), settings), gpus);
    expect(figures.averageCompletionSeconds).toBeCloseTo(average, 1);
    expect(figures.makespanSeconds).toBe(makespan);
  });
});

const GPUS = 6;

function tracesOf(gpus: fc.Arbitrary<number>): fc.Arbitrary<TraceJob[]> {
  const job = fc.record({
    gpus,
    submittedAt: fc.nat(60),
    durationSeconds: fc.nat(20),
    user: fc.constantFrom("ada", "ada", "bob", "cleo"),
    priority: fc.constantFrom(30, 30, 30, 10, 50),
  });
  return fc.array(job, { maxLength: 30 }).map((jobs) => jobs.map((job, i) => ({ id: String(i), ...job })));
}

const someTrace = tracesOf(fc.integer({ min: 1, max: GPUS }));
const someRules = {
  estimates: fc.boolean(),
  ageingSeconds: fc.constant(Number.POSITIVE_INFINITY),
  minQuantumSeconds: fc.constant(0),
  preemptCostSeconds: fc.constant(0),
  lasLimits: fc.constantFrom([], [7], [5, 12], [3, 9, 30]),
  starvation: fc.constantFrom(0, 0.5, 1, 3),
  weights: fc.constantFrom({}, { bob: 2 }, { ada: 0.5, cleo: 3 }),
  givesBack: fc.constant(false),
  mostGpus: fc.constant({}),
  quotas: fc.constant({}),
};
const counted = fc.record({ ...someRules, cluster: fc.constant<Cluster>({ gpus: GPUS }) });
const placed = fc.record({
  ...someRules,
  cluster: fc.constantFrom<Cluster>(
    { machines: 3, gpusEach: 2 },
    { machines: 2, gpusEach: 3 },
    { machines: 6, gpusEach: 1 },
  ),
});
const costly = fc.record({
  ...someRules,
  cluster: fc.constantFrom<Cluster>({ gpus: GPUS }, { machines: 3, gpusEach: 2 }),
  ageingSeconds: fc.constantFrom(0, 10, Number.POSITIVE_INFINITY),
  givesBack: fc.boolean(),
  minQuantumSeconds: fc.constantFrom(0, 3, 20),
  preemptCostSeconds: fc.constantFrom(0, 2, 10),
});

/** What has come of a deal; `given`: who may have got something in it, which are all where places are dealt anew. */
type Look = (state: { free: number; waiting: readonly PolicyRun[]; given: readonly PolicyRun[] }) => void;

/** The same policy, of which is looked at what has come of each deal. */
function watched(name: string, look: Look) {
  const open = <Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run> => {
    const opened = known(name).open<Run>(settings);
    const holding = new Set<Run>();
    const waiting = new Set<Run>();
    const started = new Set<Run>();
    let isDealt = false;
    const lookBefore = () => {
      const free = settings.total.gpus - [...holding].reduce((sum, run) => sum + run.asks.gpus, 0);
      const given = [...(known(name).preempts ? holding : started)];
      if (isDealt) look({ free, waiting: [...waiting], given });
      isDealt = false;
    };
    return {
      ...opened,
      wait(run, now, order) {
        // What is told with an order is told of a deal, and belongs to it.
        if (order === undefined) lookBefore();
        holding.delete(run);
        waiting.add(run);
        opened.wait(run, now, order);
      },
      hold(run, now, order) {
        if (waiting.delete(run)) started.add(run);
        holding.add(run);
        opened.hold(run, now, order);
      },
      forget(run) {
        lookBefore();
        holding.delete(run);
        waiting.delete(run);
        opened.forget(run);
      },
      deal(now, room) {
        isDealt = true;
        started.clear();
        return opened.deal(now, room);
      },
    };
  };
  return { open };
}

describe.each(Object.keys(knownPolicies))("under %s, whatever the trace", (name) => {
  test.each([
    ["are counted", counted],
    ["are on machines", placed],
    ["cost something to take away", costly],
  ])("all jobs end after they have run, and no GPU is given twice, where GPUs %s", (_, someSettings) => {
    fc.assert(
      fc.property(someTrace, someSettings, (trace, settings) => {
        const ended = simulate(trace, known(name), settings);
        expect(ended.length).toBe(trace.length);
        for (const { job, startedAt, endedAt, preemptions } of ended) {
          expect(startedAt).toBeGreaterThanOrEqual(job.submittedAt);
          const least = job.durationSeconds + preemptions * settings.preemptCostSeconds;
          expect(endedAt - startedAt).toBeGreaterThanOrEqual(least);
          if (preemptions === 0) expect(endedAt - startedAt).toBe(job.durationSeconds);
          if (!known(name).preempts) expect(preemptions).toBe(0);
        }
        expect(overcommitted(ended, gpusOf(settings.cluster))).toEqual([]);
      }),
    );
  });

  test("no GPU is idle for which a run waits that may have it", () => {
    fc.assert(
      fc.property(someTrace, counted, (trace, settings) => {
        const look: Look = ({ free, waiting }) => {
          const first = waiting.toSorted((a, b) => b.priority - a.priority || a.submitted - b.submitted)[0];
          const isHeldBack = name === "fifo" || (name === "backfill" && settings.estimates);
          if (name === "fair-share" && settings.estimates) return;
          const mayStart = isHeldBack ? waiting.filter((run) => run === first) : waiting;
          expect(mayStart.filter(({ asks }) => asks.gpus <= free)).toEqual([]);
        };
        simulate(trace, watched(name, look), settings);
      }),
    );
  });

  test.skipIf(name === "fair-share")("nobody waits for what those of lower priority were given", () => {
    fc.assert(
      fc.property(someTrace, counted, (trace, settings) => {
        // What is kept for the first that does not fit, shorter ones may have for that long.
        if (name === "backfill" && settings.estimates) return;
        const look: Look = ({ free, waiting, given }) => {
          for (const { priority, asks } of waiting) {
            const below = given.filter((run) => run.priority < priority);
            if (below.length > 0) expect(below.reduce((sum, run) => sum + run.asks.gpus, free)).toBeLessThan(asks.gpus);
          }
        };
        simulate(trace, watched(name, look), settings);
      }),
    );
  });

  test("the same trace gives the same, again and as the rule read plainly gives it", () => {
    fc.assert(
      fc.property(someTrace, counted, (trace, settings) => {
        const same = { ...settings, starvation: 0 };
        const ends = (policy: Parameters<typeof simulate>[1]) =>
          simulate(trace, policy, same).map(({ endedAt, preemptions }) => [endedAt, preemptions]);
        const first = ends(known(name));
        expect(ends(known(name))).toEqual(first);
        expect(ends({ open: (given) => plainPolicies(name, given) })).toEqual(first);
      }),
      { numRuns: 300 },
    );
  });

  // But that a run may have to make room which could go on, were it on another GPU.
  test("on one machine all end as with counted GPUs", () => {
    fc.assert(
      fc.property(someTrace, counted, (trace, settings) => {
        const ends = (cluster: Cluster) =>
          simulate(trace, known(name), { ...settings, cluster }).map(({ endedAt }) => endedAt);
        expect(ends({ machines: 1, gpusEach: GPUS })).toEqual(ends({ gpus: GPUS }));
      }),
    );
  });
});

/** Instants at which jobs that were never stopped hold more than there is. */
function overcommitted(ended: ReturnType<typeof simulate>, gpus: number): number[] {
  const steady = ended.filter(({ preemptions }) => preemptions === 0);
  return steady
    .map(({ startedAt }) => startedAt)
    .filter((at) => {
      const held = steady.filter(({ startedAt, endedAt }) => startedAt <= at && at < endedAt);
      return held.reduce((sum, { job }) => sum + job.gpus, 0) > gpus;
    });
}

test("srtf is no slower with one GPU more where each job asks for one", () => {
  const alike = tracesOf(fc.constant(1)).map((trace) => trace.map((job) => ({ ...job, priority: 30 })));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), alike, (gpus, trace) => {
      const total = (gpus: number) =>
        simulate(trace, known("srtf"), { ...usual, cluster: { gpus } }).reduce((sum, { endedAt }) => sum + endedAt, 0);
      expect(total(gpus + 1)).toBeLessThanOrEqual(total(gpus));
    }),
  );
});

test("srtf gives the least average there is where each job asks for the only GPU", () => {
  const tiny = fc.array(fc.record({ submittedAt: fc.nat(4), durationSeconds: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(tiny, (jobs) => {
      const trace = jobs.map((job, i) => ({ id: String(i), user: "", gpus: 1, priority: 30, ...job }));
      const ended = simulate(trace, known("srtf"), { ...usual, cluster: { gpus: 1 } });
      expect(ended.reduce((sum, { endedAt }) => sum + endedAt, 0)).toBe(leastSumOfEnds(jobs, 0));
    }),
    { numRuns: 300 },
  );
});

/** By trying whatever may be done in each second. */
function leastSumOfEnds(jobs: readonly { submittedAt: number; durationSeconds: number }[], now: number): number {
  if (jobs.every(({ durationSeconds }) => durationSeconds === 0)) return 0;
  const ready = jobs.filter(({ submittedAt, durationSeconds }) => submittedAt <= now && durationSeconds > 0);
  if (ready.length === 0) return leastSumOfEnds(jobs, now + 1);
  return Math.min(
    ...ready.map((one) => {
      const left = one.durationSeconds - 1;
      const rest = jobs.map((job) => (job === one ? { ...job, durationSeconds: left } : job));
      return (left === 0 ? now + 1 : 0) + leastSumOfEnds(rest, now + 1);
    }),
  );
}

test.each([
  "backfill",
  "fair-share",
])("under %s a wide job of which nobody knows when it fits is not starved", (name) => {
  const job = (id: string, gpus: number, submittedAt: number) => {
    return { id, user: "", gpus, submittedAt, durationSeconds: 20, priority: 30 };
  };
  const trace = [job("wide", 4, 1), ...Array.from({ length: 400 }, (_, i) => job(`n${i}`, 1, 4 * i))];
  const startOf = (ageingSeconds: number) => {
    const settings = { ...usual, cluster: { gpus: 4 }, estimates: false, ageingSeconds };
    return simulate(trace, known(name), settings).find(({ job }) => job.id === "wide")?.startedAt;
  };
  expect(startOf(Number.POSITIVE_INFINITY)).toBeGreaterThan(1600);
  // When it has aged, what runs by then has to end.
  expect(startOf(30)).toBeLessThanOrEqual(1 + 30 + 20);
});

test("with estimates, backfill does not delay the first run that does not fit", () => {
  const job = (id: string, gpus: number, submittedAt: number, durationSeconds: number) => {
    return { id, user: "", gpus, submittedAt, durationSeconds, priority: 30 };
  };
  const trace = [job("a", 3, 0, 100), job("wide", 4, 1, 10), job("long", 1, 2, 200), job("short", 1, 3, 50)];
  const starts = (estimates: boolean) =>
    simulate(trace, known("backfill"), { ...usual, cluster: { gpus: 4 }, estimates }).map(({ startedAt }) => startedAt);
  expect(starts(true)).toEqual([0, 100, 110, 3]);
  expect(starts(false)).toEqual([0, 202, 2, 100]);
});

test("under las a run that is starved goes back to the first queue", () => {
  const job = (id: string, submittedAt: number, durationSeconds: number) => {
    return { id, user: "", gpus: 1, submittedAt, durationSeconds, priority: 30 };
  };
  // The first sinks at 10; then there is always a newer one until it has waited twice as long as it ran.
  const trace = [job("a", 0, 20), ...Array.from({ length: 20 }, (_, i) => job(`b${i}`, 5 + 5 * i, 5))];
  const endOf = (starvation: number) =>
    simulate(trace, known("las"), { ...usual, cluster: { gpus: 1 }, lasLimits: [10], starvation })[0]?.endedAt;
  expect(endOf(0)).toBe(120);
  expect(endOf(2)).toBeLessThan(120);
});

test("thousands of jobs all end, under every policy", () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed / 2147483648;
  };
  let at = 0;
  const trace = Array.from({ length: 5000 }, (_, i) => {
    at += random() * 100;
    const gpus = [1, 1, 1, 1, 1, 2, 4, 8, 8, 16][Math.floor(random() * 10)] ?? 1;
    const durationSeconds = Math.ceil(Math.exp(random() * 9 + 2));
    return { id: String(i), user: "", gpus, submittedAt: Math.floor(at), durationSeconds, priority: 30 };
  });
  for (const name of Object.keys(knownPolicies)) {
    expect(simulate(trace, known(name), { ...usual, cluster: { gpus: 512 } }).every(({ endedAt }) => endedAt > 0)).toBe(
      true,
    );
  }
});
