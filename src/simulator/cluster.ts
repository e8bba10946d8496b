import type { Demand } from "../core/demand.ts";
import { openLedger } from "../core/ledger.ts";
import { itself, type Machine, plainHardware } from "../core/machine.ts";
import type { OpenMachine, Place } from "../core/open_machine.ts";
import { openCountedRoom } from "../core/policies/counted_room.ts";
import { type MachineRun, openMachineRoom, type Placing } from "../core/policies/machine_room.ts";
import type { Room } from "../core/policies/policy.ts";
import type { JobId } from "../core/run.ts";

/** GPUs that are only counted, or so many machines with as many each: then a job's are on as few machines as needed. */
export type Cluster = { gpus: number } | { machines: number; gpusEach: number };

export function gpusOf(cluster: Cluster): number {
  return "gpus" in cluster ? cluster.gpus : cluster.machines * cluster.gpusEach;
}

/** The GPUs of a cluster, with who holds them, over all deals. */
export interface SimulatedRoom<Run extends MachineRun> {
  /** For one deal. */
  at(now: number): Room<Run, unknown>;
  /** What the deal gave a run, now that those who had to leave have. */
  take(run: Run, place: unknown): void;
  /** The same for a run that holds some and has got another place. */
  exchange(run: Run, place: unknown): void;
  release(run: Run): void;
}

/** A job's demand: one worker where a machine can hold it, else as few workers alike as can. */
export function demandOn(cluster: Cluster, gpus: number): Demand {
  const demand = { cpus: 0, memoryBytes: null };
  if ("gpus" in cluster || gpus <= cluster.gpusEach) return { ...demand, gpus };
  let workers = Math.ceil(gpus / cluster.gpusEach);
  while (gpus % workers !== 0) workers += 1;
  return { ...demand, gpus: gpus / workers, workers };
}

export function openSimulatedRoom<Run extends MachineRun>(cluster: Cluster): SimulatedRoom<Run> {
  return "gpus" in cluster ? openCounted(cluster.gpus) : openMachines(cluster.machines, cluster.gpusEach);
}

function openCounted<Run extends MachineRun>(gpus: number): SimulatedRoom<Run> {
  const room = openCountedRoom<Run>(gpus);
  return {
    at(now) {
      room.open(now);
      return room;
    },
    take: () => {},
    exchange: () => {},
    release: (run) => room.release(run),
  };
}

function openMachines<Run extends MachineRun>(count: number, gpusEach: number): SimulatedRoom<Run> {
  const machines = Array.from({ length: count }, (_, id) => aMachine(id, gpusEach));

  function hold(seats: readonly Place[]): void {
    for (const { machine, slot } of seats) {
      machines[machine]?.ledger.hold(slot);
      machines[machine]?.held.push({ slot, endsAt: null });
    }
  }

  function leave(seats: readonly Place[]): void {
    for (const { machine, slot } of seats) {
      const open = machines[machine];
      open?.ledger.release(slot);
      open?.held.splice(
        open.held.findIndex((held) => held.slot === slot),
        1,
      );
    }
  }

  return {
    at: (now) => openMachineRoom<Run>(machines, [], 1000 * now),
    take(run, place) {
      const { workers, isFree } = place as Placing;
      run.seats = workers;
      if (!isFree) hold(workers);
    },
    exchange(run, place) {
      const { workers, isFree } = place as Placing;
      const before = run.seats;
      leave(before.filter((seat) => !workers.includes(seat)));
      if (!isFree) hold(workers.filter((seat) => !before.includes(seat)));
      run.seats = workers;
    },
    release(run) {
      leave(run.seats);
      run.seats = [];
    },
  };
}

function aMachine(id: number, gpus: number): OpenMachine {
  const machine: Machine = { ...itself(null, plainHardware(gpus)), id, name: String(id) };
  return { machine, ledger: openLedger(machine), held: [] };
}

/** As runs on machines name their jobs. */
export function jobNumber(submitted: number): JobId {
  return (submitted + 1) as JobId;
}
