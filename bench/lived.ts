import { knownPolicies } from "../src/core/policies/known_policies.ts";
import type { Policy } from "../src/core/policies/policy.ts";
import { completionSeconds } from "../src/simulator/figures.ts";
import { IDEAL, type SimulatedJob, simulate } from "../src/simulator/simulate.ts";
import { syntheticTrace } from "../src/simulator/synthetic.ts";
import type { TraceJob } from "../src/simulator/trace.ts";
import { type Limit, printLimits, printTable, printTitle } from "./figures.ts";
import { publicTrace } from "./public_trace.ts";
import { type LivedJob, replay } from "./replay.ts";
import { scriptedGpus } from "./scripted_gpus.ts";
import { openStage, type Stage } from "./stage.ts";
import { startYard } from "./yard.ts";

const GPUS = 16;
/** A second of the trace is so much less in life. */
const PACE = 25;
const POLICIES = ["fifo", "srtf", "las"];
const APART_PERCENT = 5;
const MADE = { jobs: 40, load: 1 };
/** Of the trace's seconds that a replay takes at most, by the simulator. */
const LONGEST_SECONDS = 2750;

/** Traces simulated, and lived through by a real yard with real processes: on average jobs take as long to complete. */
export async function lived(seeds: readonly number[]): Promise<boolean> {
  const stage = openStage();
  const limits: Limit[] = [];
  const rows: string[][] = [];
  const tiresias = { name: "tiresias-60", jobs: publicTrace("tiresias-60.csv", GPUS) };
  for (const trace of [tiresias, ...seeds.map(madeTrace)]) {
    const { name } = trace;
    // All at once: what runs asks for next to nothing of a core.
    const lives = await Promise.all(POLICIES.map((policy) => livedUnder(stage, policy, trace)));
    for (const [at, life] of lives.entries()) {
      const policy = POLICIES[at] ?? "";
      const simulated = simulatedUnder(policy, trace.jobs);
      const expected = mean(simulated.map(completionSeconds));
      const seen = (mean(life.map(({ completionMs }) => completionMs)) * PACE) / 1000;
      const apart = 100 * (seen / expected - 1);
      const preempted = [simulated, life].map((list: readonly { preemptions: number }[]) => {
        return String(list.reduce((sum, { preemptions }) => sum + preemptions, 0));
      });
      const figures = [expected.toFixed(1), seen.toFixed(1), `${apart > 0 ? "+" : ""}${apart.toFixed(1)} %`];
      rows.push([name, policy, ...figures, ...preempted]);
      limits.push({ what: `${name}, ${policy}: apart`, value: Math.abs(apart), atMost: APART_PERCENT, unit: "%" });
      console.log([name, policy, ...figures, ...preempted].join("  "));
    }
  }
  stage.clear();
  printTitle(`Average job completion time on ${GPUS} GPUs, s of the trace; lived at ${PACE} times its pace`);
  printTable(["", "", "simulated", "lived", "difference", "preempted: simulated", "lived"], rows);
  return printLimits(limits);
}

interface Load {
  name: string;
  jobs: readonly TraceJob[];
}

function simulatedUnder(policy: string, jobs: readonly TraceJob[]): SimulatedJob[] {
  return simulate(jobs, knownPolicies[policy] as Policy, { ...IDEAL, cluster: { gpus: GPUS }, estimates: true });
}

let yards = 0;

async function livedUnder(stage: Stage, policy: string, { jobs }: Load): Promise<LivedJob[]> {
  const environment = scriptedGpus(stage, GPUS);
  const yard = await startYard(stage, `yard-${policy}-${yards++}`, {
    environment,
    slots: null,
  });
  const ideal = { minQuantumSeconds: 0, preemptCostSeconds: 0, starvation: 0 };
  const rules = { ...ideal, lasLimits: IDEAL.lasLimits.map((limit) => limit / PACE) };
  await yard.client.call("setPool", {
    params: { pool: "local" },
    body: { policy, rules },
  });
  const life = await replay(yard, jobs, PACE);
  await yard.stop();
  return life;
}

/** Like those of shared clusters, but as much shorter as it takes for a replay to be over in time. */
function madeTrace(seed: number): Load {
  const made = syntheticTrace({ ...MADE, seed, gpus: GPUS });
  const took = Math.max(...POLICIES.flatMap((policy) => simulatedUnder(policy, made).map(({ endedAt }) => endedAt)));
  const shorter = Math.max(1, took / LONGEST_SECONDS);
  const jobs = made.map((job) => ({
    ...job,
    submittedAt: Math.round(job.submittedAt / shorter),
    durationSeconds: Math.max(1, Math.round(job.durationSeconds / shorter)),
  }));
  return { name: `seed ${seed}`, jobs };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
