import { expect, test } from "vitest";
import { openLedger } from "../core/ledger.ts";
import { itself, type Machine, UNKNOWN_HARDWARE } from "../core/machine.ts";
import type { OpenMachine } from "../core/open_machine.ts";
import type { AttemptId } from "../core/run.ts";
import { openSpill } from "./spill.ts";

const demand = { gpus: 0, cpus: 1, memoryBytes: null, cluster: "slurm" };

function aMachine(more: Partial<Machine>): OpenMachine {
  const machine = { ...itself(null, { ...UNKNOWN_HARDWARE, cpus: 2 }), ...more };
  return { machine, ledger: openLedger(machine), held: [] };
}

function aSpill(count: number) {
  const spill = openSpill();
  for (let n = 1; n <= count; n += 1) spill.add({ attempt: `1.${n}.1` as AttemptId, pool: "local,slurm", demand });
  return spill;
}

const cluster = aMachine({ name: "slurm", hasQueue: true });

test("as many come back as there are places free, the first handed over first", () => {
  const spill = aSpill(4);
  expect(spill.callBack(() => [aMachine({}), cluster])).toEqual(["1.1.1", "1.2.1"]);
  // Those two are on their way, and have the places.
  expect(spill.callBack(() => [aMachine({}), cluster])).toEqual([]);
  spill.remove("1.1.1" as AttemptId);
  expect(spill.callBack(() => [aMachine({}), cluster])).toEqual(["1.3.1"]);
});

test("what runs there already is not waited for, and is not called again", () => {
  const spill = aSpill(2);
  const local = () => [aMachine({ hardware: { ...UNKNOWN_HARDWARE, cpus: 1 } }), cluster];
  expect(spill.callBack(local)).toEqual(["1.1.1"]);
  spill.called(new Set());
  expect(spill.callBack(local)).toEqual(["1.2.1"]);
  spill.called(new Set());
  expect(spill.callBack(local)).toEqual([]);
});

test("what a cluster has that cannot be asked stays there", () => {
  expect(aSpill(2).callBack(() => [aMachine({})])).toEqual([]);
});

test("the ledgers are as they were", () => {
  const local = aMachine({});
  aSpill(4).callBack(() => [local, cluster]);
  expect(local.ledger.free().cpus).toBe(2);
});
