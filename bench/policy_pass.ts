import { getHeapStatistics } from "node:v8";
import { knownPolicies } from "../src/core/policies/known_policies.ts";
import type { Policy } from "../src/core/policies/policy.ts";
import { IDEAL, simulate } from "../src/simulator/simulate.ts";
import { syntheticTrace } from "../src/simulator/synthetic.ts";
import type { TraceJob } from "../src/simulator/trace.ts";
import { openCrowdedYard, type Passed } from "./crowded_yard.ts";
import { type Limit, median, percentile, printLimits, printTable, printTitle } from "./figures.ts";
import { publicTrace } from "./public_trace.ts";

const WAITING = 10_000;
const MACHINES = 1000;
/** Those that are not named are only shown. */
const FULL_PASS_MS: Record<string, number> = {
  fifo: 50,
  backfill: 50,
  srtf: 50,
  las: 50,
  "fair-share": 100,
  optimus: 500,
};
const EVENT_MS = 2;
/** Of ten times as much waiting on ten times as many machines. */
const GROWTH = 15;
const EVENTS = 400;

const SIMULATED = { seed: 1, jobs: 82_000, gpus: 512, load: 0.9 };
/** In seconds; again those that are not named are only shown. */
const SIMULATION_LIMITS: Record<string, number> = { fifo: 5, backfill: 5, srtf: 30, las: 30 };
const PUBLIC_TRACE_S = 0.5;
const HEAP_MB = 500;

/** What one turn of the scheduler's loop decides, by the functions that the loop uses, and how fast simulations are. */
export function policies(only: readonly string[]): boolean {
  const chosen = Object.entries(knownPolicies).filter(([name]) => only.length === 0 || only.includes(name));
  const limits: Limit[] = [];
  const rows = chosen.map(([name, policy]) => {
    measure(policy, 0.1, 3);
    const tenth = measure(policy, 0.1, 3);
    const one = measure(policy, 1, 5);
    const ten = measure(policy, 10, 3);
    const atMost = FULL_PASS_MS[name];
    if (atMost !== undefined) {
      limits.push({ what: `${name}: a full pass`, value: one.passMs, atMost, unit: "ms" });
      limits.push({ what: `${name}: one event, median`, value: median(one.eventsMs), atMost: EVENT_MS, unit: "ms" });
      limits.push({ what: `${name}: ten times as much`, value: ten.passMs / one.passMs, atMost: GROWTH, unit: "×" });
    }
    const events = [tenth, one, ten].map(({ eventsMs }) => {
      return `${median(eventsMs).toFixed(2)} / ${percentile(eventsMs, 0.95).toFixed(2)}`;
    });
    const passes = [tenth, one, ten].map(({ passMs }) => passMs.toFixed(1));
    return [name, ...passes, one.takeOverMs.toFixed(1), ...events, String(one.started), String(one.stopped)];
  });
  printTitle(`${WAITING} runs waiting, ${MACHINES} machines of 8 GPUs, a tenth of both and ten times both: ms`);
  const head = [
    "",
    "full pass: 0.1 ×",
    "1 ×",
    "10 ×",
    "taken over: 1 ×",
    "event p50 / p95: 0.1 ×",
    "1 ×",
    "10 ×",
    "starts",
    "stops",
  ];
  printTable(head, rows);
  const isKept = printLimits(limits);
  return simulations(chosen) && isKept;
}

/**
 * A full pass on empty machines, the fastest of some: others who use this machine only add to it; and what it takes to have
 * what starts hold its places. Then events on full machines, both together, with as many waiting as before.
 */
function measure(policy: Policy, scale: number, rounds: number) {
  const open = () => {
    const yard = openCrowdedYard(policy, MACHINES * scale, 7);
    yard.submit(WAITING * scale);
    return yard;
  };
  let yard = open();
  const passes: number[] = [];
  const takenOver: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    yard = open();
    globalThis.gc?.();
    let passed: Passed = { seats: [], stops: [] };
    passes.push(msOf(() => (passed = yard.pass())));
    if (passed.seats.length === 0) throw new Error("nothing was placed: that was no pass");
    takenOver.push(msOf(() => yard.takeOver(passed)));
  }
  yard.submit(WAITING * scale - yard.waiting());
  settle(yard);
  const eventsMs: number[] = [];
  const counted = { started: 0, stopped: 0 };
  for (let event = 0; event < EVENTS; event += 1) {
    yard.advance(1);
    eventsMs.push(
      msOf(() => {
        if (event % 2 === 0) yard.end();
        else yard.submit(1);
        const { started, stopped } = yard.turn();
        counted.started += started;
        counted.stopped += stopped;
      }),
    );
  }
  return { passMs: Math.min(...passes), takeOverMs: Math.min(...takenOver), eventsMs, ...counted };
}

/** Until those who are asked to make room for what came last have done so. */
function settle(yard: ReturnType<typeof openCrowdedYard>): void {
  for (let { stopped } = yard.turn(); stopped > 0; { stopped } = yard.turn()) {
    for (let left = stopped; left > 0; left -= 1) yard.end();
  }
}

function msOf(work: () => void): number {
  const startedAt = performance.now();
  work();
  return performance.now() - startedAt;
}

function simulations(chosen: readonly (readonly [string, Policy])[]): boolean {
  const made = syntheticTrace(SIMULATED);
  const philly = publicTrace("philly-992.csv", 64);
  const limits: Limit[] = [];
  const rows: string[][] = [];
  for (const [name, policy] of chosen) {
    globalThis.gc?.();
    const big = simulated(policy, made, SIMULATED.gpus);
    const small = simulated(policy, philly, 64);
    const atMost = SIMULATION_LIMITS[name];
    if (atMost !== undefined) {
      limits.push({ what: `${name}: ${SIMULATED.jobs} jobs`, value: big.seconds, atMost, unit: "s" });
      limits.push({ what: `${name}: philly-992`, value: small.seconds, atMost: PUBLIC_TRACE_S, unit: "s" });
      limits.push({ what: `${name}: heap at its most`, value: big.mostMb, atMost: HEAP_MB, unit: "MB" });
    }
    rows.push([name, big.seconds.toFixed(2), big.mostMb.toFixed(0), small.seconds.toFixed(2)]);
  }
  printTitle(
    `Simulated: ${SIMULATED.jobs} jobs made from seed ${SIMULATED.seed} on ${SIMULATED.gpus} GPUs; philly-992 on 64`,
  );
  printTable(["", "82,000 jobs, s", "heap at most, MB", "philly-992, s"], rows);
  return printLimits(limits);
}

/** How long it takes, and what the heap holds at its most, not yet collected rubbish included. */
function simulated(policy: Policy, trace: readonly TraceJob[], gpus: number) {
  let mostBytes = 0;
  let deals = 0;
  const watched: Pick<Policy, "open"> = {
    open(settings) {
      const opened = policy.open<never>(settings);
      return {
        ...opened,
        deal(now, room) {
          deals += 1;
          if (deals % 1000 === 0) mostBytes = Math.max(mostBytes, getHeapStatistics().used_heap_size);
          return opened.deal(now, room);
        },
      };
    },
  };
  const ms = msOf(() => simulate(trace, watched, { ...IDEAL, cluster: { gpus }, estimates: true }));
  return { seconds: ms / 1000, mostMb: mostBytes / 1e6 };
}
