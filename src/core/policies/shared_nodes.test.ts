import { expect, test } from "vitest";
import { aPolicyRun, emptyMachines } from "../../../test/helpers/policy_world.ts";
import { IDEAL } from "../../simulator/simulate.ts";
import { fairShare } from "./fair_share.ts";
import { fifo } from "./fifo.ts";
import { type MachineRun, openMachineRoom } from "./machine_room.ts";
import type { Policy } from "./policy.ts";

const NODES = 4;
const NODE = { gpus: 2, cpus: 20 };

/** What the policy starts on four nodes, on which nothing runs. */
function started(policy: Policy, runs: readonly MachineRun[]) {
  const total = { gpus: NODES * NODE.gpus, cpus: NODES * NODE.cpus, memoryBytes: 0 };
  const opened = policy.open<MachineRun>({ ...IDEAL, total });
  for (const run of runs) opened.wait(run, 0);
  return opened.deal(0, openMachineRoom(emptyMachines(NODES, NODE), [], 0)).start;
}

test("dominant resource fairness: two jobs whose workers ask for 2 GPUs and for 1 get 2 and 4 workers", () => {
  const worker = { cpus: 1, memoryBytes: null };
  const jobA = aPolicyRun(0, { ...worker, gpus: 2 }, { user: "a", startable: 10 });
  const jobB = aPolicyRun(1, { ...worker, gpus: 1 }, { user: "b", startable: 10 });
  const runs = started(fairShare, [jobA, jobB]).map(({ run }) => run.user);
  expect(runs.filter((user) => user === "a").length).toBe(2);
  expect(runs.filter((user) => user === "b").length).toBe(4);
});

test("by cores, where those are what a job's workers mostly ask for, the dominant shares are even too", () => {
  const jobA = aPolicyRun(0, { gpus: 1, cpus: 16, memoryBytes: null }, { user: "a", startable: 10 });
  const jobB = aPolicyRun(1, { gpus: 1, cpus: 1, memoryBytes: null }, { user: "b", startable: 10 });
  const runs = started(fairShare, [jobA, jobB]).map(({ run }) => run.user);
  // Three times 0.2 against five times 0.125.
  expect(runs.filter((user) => user === "a").length).toBe(3);
  expect(runs.filter((user) => user === "b").length).toBe(5);
});

test("by arrival, two jobs of two workers that each fill a node get the first two nodes and the others", () => {
  const whole = { gpus: NODE.gpus, cpus: 0, memoryBytes: null, workers: 2 };
  const starts = started(fifo, [aPolicyRun(0, whole, { user: "a" }), aPolicyRun(1, whole, { user: "b" })]);
  expect(starts.map(({ place }) => place.workers.map(({ machine }) => machine))).toEqual([
    [0, 1],
    [2, 3],
  ]);
});
