import { expect, test } from "vitest";
import type { Demand } from "./demand.ts";
import { openLedger } from "./ledger.ts";
import { itself, type Machine, UNKNOWN_HARDWARE } from "./machine.ts";
import type { OpenMachine } from "./open_machine.ts";
import { backfill } from "./policies/backfill.ts";
import { type MachineRun, openMachineRoom } from "./policies/machine_room.ts";
import { USUAL_RULES } from "./policies/rules.ts";
import { isForClusterAlone, isPoolName, poolsIn } from "./pool.ts";
import type { JobId } from "./run.ts";
import { outcome } from "./transitions.ts";

const demand: Demand = { gpus: 0, cpus: 1, memoryBytes: null, cluster: "slurm" };

function open(machine: Machine): OpenMachine {
  return { machine, ledger: openLedger(machine), held: [] };
}

function aHost(id: number, cpus: number): OpenMachine {
  return open({ ...itself(null, { ...UNKNOWN_HARDWARE, cpus }), id, name: `lab${id}` });
}

function aCluster(most: number): OpenMachine {
  return open({ ...itself(null, { ...UNKNOWN_HARDWARE, most }), id: 9, name: "slurm", hasQueue: true });
}

/** The machines on which a job's runs start, each with its workers, and why others wait. */
function decide(machines: OpenMachine[], startable: number, asked: Demand = demand) {
  const policy = backfill.open<MachineRun>({ ...USUAL_RULES, total: { gpus: 0, cpus: 0, memoryBytes: 0 } });
  const asks = { gpus: 1, cpus: 1, memoryBytes: 0 };
  const known = { remainingSeconds: null, servedSeconds: 0, isBorrowing: false, yields: false, isLeaving: false };
  const job = {
    job: 1 as JobId,
    submitted: 1,
    priority: 30,
    user: "ada",
    shape: "one",
    demand: asked,
    asks,
    seats: [],
  };
  policy.wait({ ...job, n: null, startable, ...known }, 0);
  const room = openMachineRoom<MachineRun>(machines, [], 0);
  const { start, blocked } = policy.deal(0, room);
  const starts = start.map(({ place }) => place.workers.map(({ machine }) => machine).join());
  return [...starts, ...blocked.map((run) => room.whyNot(run))];
}

test("a cluster takes whatever it is given, as far as it is given any more", () => {
  expect(decide([aCluster(100)], 3)).toEqual(["9", "9", "9"]);
  expect(decide([aCluster(2)], 3)).toEqual(["9", "9", { code: "queue_full", most: 2, on: "slurm" }]);
});

test("of several clusters a run goes to its own only", () => {
  expect(decide([aCluster(5)], 1, { ...demand, cluster: "slurm~2" })).toMatchObject([{ code: "too_big" }]);
});

test("what has room elsewhere starts there, and the rest goes to the cluster", () => {
  expect(decide([aHost(1, 2), aCluster(100)], 4)).toEqual(["1", "1", "9", "9"]);
});

test("the workers of an attempt are all on machines of the yard, or all in the cluster", () => {
  const three = { ...demand, workers: 3 };
  expect(decide([aHost(1, 2), aHost(2, 1), aCluster(100)], 2, three)).toEqual(["1,2,1", "9,9,9"]);
  expect(decide([aHost(1, 2), aCluster(100)], 1, three)).toEqual(["9,9,9"]);
});

test("pools stand with commas between, and a cluster keeps by itself to how many runs may go at once", () => {
  expect(poolsIn("local,slurm:gpu")).toEqual(["local", "slurm:gpu"]);
  expect(isForClusterAlone({ pool: "slurm:gpu", demand })).toBe(true);
  expect(isForClusterAlone({ pool: "local,slurm:gpu", demand })).toBe(false);
  expect(isForClusterAlone({ pool: "local", demand: { ...demand, cluster: undefined } })).toBe(false);
  expect(["slurm:gpu", "lab 1", "a,b", ""].map(isPoolName)).toEqual([true, false, false, false]);
});

test("what somebody has cancelled there is cancelled, whatever the retries", () => {
  const cause = { code: "cancelled_there", by: "ada" };
  expect(outcome({ kind: "cancelled", by: "ada" }, null, 1, 3, null)).toEqual({ status: "cancelled", cause });
  expect(outcome({ kind: "cancelled", by: "ada" }, "cancelled", 1, 0, null)).toEqual({ status: "cancelled" });
});
