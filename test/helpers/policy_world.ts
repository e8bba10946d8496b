import { type Demand, shapeOf, workersOf } from "../../src/core/demand.ts";
import { openLedger } from "../../src/core/ledger.ts";
import { itself, plainHardware } from "../../src/core/machine.ts";
import type { OpenMachine } from "../../src/core/open_machine.ts";
import type { MachineRun } from "../../src/core/policies/machine_room.ts";
import type { Elastic } from "../../src/core/policies/policy.ts";
import type { JobId } from "../../src/core/run.ts";

/** Machines with so many GPUs and cores each, on which nothing runs, numbered from 0. */
export function emptyMachines(
  count: number,
  { gpus, cpus = 0, gpuMemoryBytes = null }: { gpus: number; cpus?: number; gpuMemoryBytes?: number | null },
): OpenMachine[] {
  const hardware = plainHardware(gpus, { cpus, gpu: { memoryBytes: gpuMemoryBytes } });
  return Array.from({ length: count }, (_, id) => {
    const machine = { ...itself(null, hardware), id, name: `node${id}` };
    return { machine, ledger: openLedger(machine), held: [] };
  });
}

/** A run that waits, submitted as the `submitted`-th. */
export function aPolicyRun(submitted: number, demand: Demand, changes: Partial<MachineRun> = {}): MachineRun {
  const user = changes.user ?? "ada";
  const workers = workersOf(demand);
  return {
    job: (submitted + 1) as JobId,
    n: null,
    submitted,
    priority: 30,
    user,
    demand,
    shape: shapeOf(demand, user),
    asks: { gpus: workers * (demand.gpus ?? 1), cpus: workers * (demand.cpus ?? 0), memoryBytes: 0 },
    seats: [],
    startable: 1,
    remainingSeconds: null,
    servedSeconds: 0,
    isBorrowing: false,
    yields: true,
    isLeaving: false,
    ...changes,
  };
}

/** One with GPUs for its workers that does so many steps, one a second with each. */
export function anElasticRun(
  submitted: number,
  { steps, ...range }: Partial<Elastic> & { min: number; max: number; steps: number },
  changes: Partial<MachineRun> = {},
): MachineRun {
  const worker = { gpus: 1, cpus: 0, memoryBytes: 0 };
  const elastic = { workers: 0, worker, speed: (workers: number) => workers, remainingSteps: () => steps, ...range };
  const demand = { gpus: 1, cpus: 0, memoryBytes: null, workers: range.min };
  return aPolicyRun(submitted, demand, { elastic, ...changes });
}
