import { expect, test } from "vitest";
import { aPolicyRun, emptyMachines } from "../../../test/helpers/policy_world.ts";
import type { Demand } from "../demand.ts";
import { fifo } from "./fifo.ts";
import { type MachineRun, openMachineRoom } from "./machine_room.ts";
import { USUAL_RULES } from "./rules.ts";

const GB = 1024 ** 3;

/** Of runs that come at once to an empty pool: where they start. Machine 0 has two large GPUs, 1 and 2 have two small ones each. */
function deal(...demands: Partial<Demand>[]) {
  const machines = [80, 24, 24].flatMap((size, id) => {
    const [open] = emptyMachines(1, { gpus: 2, gpuMemoryBytes: size * GB });
    return open ? [{ ...open, machine: { ...open.machine, id, name: `node${id}` } }] : [];
  });
  const policy = fifo.open<MachineRun>({ ...USUAL_RULES, total: { gpus: 6, cpus: 0, memoryBytes: 0 } });
  for (const [at, demand] of demands.entries())
    policy.wait(aPolicyRun(at, { gpus: 1, cpus: 0, memoryBytes: null, ...demand }), 0);
  const room = openMachineRoom<MachineRun>(machines, [], 0);
  const { start, blocked } = policy.deal(0, room);
  return {
    on: start.map(({ place }) => place.workers.map(({ machine }) => machine).join()),
    waits: blocked.map((run) => room.whyNot(run)),
  };
}

test("large GPUs are left to those who ask for them, as long as small ones will do", () => {
  expect(deal({}, {}, { gpuKind: { memoryBytes: 40 * GB } }, {}).on).toEqual(["1", "1", "0", "2"]);
});

test("where no small one is free, others get a large one, and who needs it is told what it waits for", () => {
  const dealt = deal({ gpus: 2 }, { gpus: 2 }, {}, { gpus: 2, gpuKind: { memoryBytes: 40 * GB } });
  expect(dealt.on).toEqual(["1", "2", "0"]);
  expect(dealt.waits).toMatchObject([{ code: "gpus_busy", asked: 2, kind: {}, freeAtMost: 1, on: "node0" }]);
});

test("workers with GPUs of a kind start together, or not at all", () => {
  const kind = { gpuKind: { memoryBytes: 40 * GB } };
  expect(deal({ ...kind, workers: 2 }).on).toEqual(["0,0"]);
  expect(deal({ ...kind, workers: 3 })).toMatchObject({ on: [], waits: [{ code: "workers", asked: 3, fitting: 2 }] });
});
