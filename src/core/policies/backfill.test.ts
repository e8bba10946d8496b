import fc from "fast-check";
import { expect, test } from "vitest";
import { type Demand, shapeOf } from "../demand.ts";
import { openLedger } from "../ledger.ts";
import { itself, type Machine, plainHardware } from "../machine.ts";
import type { OpenMachine } from "../open_machine.ts";
import type { JobId } from "../run.ts";
import { backfill } from "./backfill.ts";
import { secondsOf } from "./in_turn.ts";
import { type MachineRun, openMachineRoom } from "./machine_room.ts";
import type { Room } from "./policy.ts";
import { USUAL_RULES } from "./rules.ts";

const NOW = 1_000_000;
const MINUTE_MS = 60_000;
const AGEING_MS = 1000 * USUAL_RULES.ageingSeconds;

/** A machine with so many GPUs; each entry of `held` is a run that holds that many, until then. */
function aMachine(gpus: number, held: { gpus: number; endsAt: number | null }[] = []): OpenMachine {
  const hardware = plainHardware(gpus, { cpus: 64, memoryBytes: 2 ** 40 });
  const machine: Machine = { ...itself(null, hardware), id: 1, name: "lab1", pool: "lab" };
  const open: OpenMachine = { machine, ledger: openLedger(machine), held: [] };
  for (const run of held) {
    const slot = open.ledger.place({ gpus: run.gpus, cpus: null, memoryBytes: null });
    if (!slot) throw new Error("the held runs do not fit");
    open.ledger.hold(slot);
    open.held.push({ slot, endsAt: run.endsAt });
  }
  return open;
}

interface Job extends MachineRun {
  /** Since when one of its runs has not fitted; null: it was not so before. */
  blockedSince: number | null;
}

function aJob(id: number, gpus: number, changes: Partial<Job> = {}): Job {
  const demand: Demand = { gpus, cpus: null, memoryBytes: null };
  const { demand: asked = demand } = changes;
  return {
    job: id as JobId,
    n: null,
    submitted: id,
    priority: 30,
    user: "ada",
    demand: asked,
    shape: shapeOf(asked, "ada"),
    asks: { gpus: Math.max(1, asked.gpus ?? 1), cpus: 0, memoryBytes: 0 },
    seats: [],
    startable: 1,
    remainingSeconds: null,
    servedSeconds: 0,
    isBorrowing: false,
    yields: false,
    isLeaving: false,
    blockedSince: null,
    ...changes,
  };
}

/** Nothing fits. */
const noRoom: Room<Job, never> = {
  within: () => Number.NEGATIVE_INFINITY,
  mayHold: () => true,
  seat: () => null,
  reserve: () => {},
  lend: () => {},
  keep: () => true,
  resize: () => null,
};

function decideOn(machines: OpenMachine[], closed: string[], ...jobs: Job[]) {
  const policy = backfill.open<Job>({ ...USUAL_RULES, total: { gpus: 0, cpus: 0, memoryBytes: 0 } });
  const aged = jobs.filter(({ blockedSince }) => blockedSince !== null);
  for (const job of aged.sort((a, b) => (a.blockedSince ?? 0) - (b.blockedSince ?? 0))) {
    const since = (job.blockedSince ?? 0) / 1000;
    policy.wait(job, since);
    policy.deal(since, noRoom);
  }
  for (const job of jobs) if (job.blockedSince === null) policy.wait(job, NOW / 1000);
  const room = openMachineRoom<Job>(machines, closed, NOW);
  const { start, blocked } = policy.deal(NOW / 1000, room);
  return {
    starts: start.map(({ run, place }) => ({ job: run.job as number, workers: place.workers })),
    waits: blocked.map((run) => ({ job: run.job as number, because: room.whyNot(run) })),
  };
}

function decide(jobs: Job[], machine: OpenMachine) {
  return decideOn([machine], [], ...jobs);
}

function started({ starts }: ReturnType<typeof decideOn>): number[] {
  return starts.map(({ job }) => job);
}

test("runs start in order while they fit, and the first that does not says why", () => {
  const decisions = decide([aJob(1, 2), aJob(2, 1, { startable: 5 })], aMachine(4));
  expect(started(decisions)).toEqual([1, 2, 2]);
  expect(decisions.waits).toMatchObject([{ job: 2, because: { code: "gpus_busy", asked: 1, freeAtMost: 0 } }]);
});

test("a run that does not fit lets a smaller one behind it start", () => {
  expect(started(decide([aJob(1, 4), aJob(2, 1)], aMachine(4, [{ gpus: 2, endsAt: null }])))).toEqual([2]);
});

test("but not for ever: having waited, it keeps what becomes free for itself", () => {
  const waited = aJob(1, 4, { blockedSince: NOW - AGEING_MS });
  const decisions = decide([waited, aJob(2, 1)], aMachine(4, [{ gpus: 2, endsAt: null }]));
  expect(started(decisions)).toEqual([]);
  expect(decisions.waits).toMatchObject([
    { job: 1, because: { code: "gpus_busy" } },
    { job: 2, because: { code: "reserved", job: 1, on: "lab1" } },
  ]);
});

test("a run that needs none of what is kept starts all the same", () => {
  const waited = aJob(1, 4, { blockedSince: NOW - AGEING_MS });
  expect(started(decide([waited, aJob(2, 0)], aMachine(4, [{ gpus: 2, endsAt: null }])))).toEqual([2]);
});

test("cores that a run has waited for are kept for it in explicit slots too", () => {
  const open = aMachine(0);
  const machine: Machine = { ...open.machine, slots: ["", "", ""], hardware: { ...open.machine.hardware, cpus: 2 } };
  const ledger = openLedger(machine);
  const cores = (cpus: number): Demand => ({ gpus: 0, cpus, memoryBytes: null });
  const slot = ledger.place(cores(1));
  if (!slot) throw new Error("there is room for one core");
  ledger.hold(slot);
  const wide = aJob(1, 0, { blockedSince: NOW - AGEING_MS, demand: cores(2) });
  const small = aJob(2, 0, { demand: cores(1) });
  const none = aJob(3, 0);
  const decisions = decide([wide, small, none], { machine, ledger, held: [{ slot, endsAt: null }] });
  expect(started(decisions)).toEqual([3]);
});

test("where time limits tell, a later run starts only if the reserved start does not move", () => {
  const machine = () => aMachine(4, [{ gpus: 3, endsAt: NOW + 10 * MINUTE_MS }]);
  const wide = aJob(1, 4);
  expect(started(decide([wide, aJob(2, 1, { remainingSeconds: 5 * 60 })], machine()))).toEqual([2]);
  expect(started(decide([wide, aJob(2, 1, { remainingSeconds: 20 * 60 })], machine()))).toEqual([]);
});

test("a later run of any length starts where the wide one will fit beside it", () => {
  const machine = aMachine(4, [{ gpus: 3, endsAt: NOW + 10 * MINUTE_MS }]);
  expect(started(decide([aJob(1, 3), aJob(2, 1)], machine))).toEqual([2]);
});

test("what no machine could ever hold says so and keeps nobody waiting", () => {
  const decisions = decide([aJob(1, 8, { blockedSince: NOW - AGEING_MS }), aJob(2, 1)], aMachine(4));
  expect(started(decisions)).toEqual([2]);
  expect(decisions.waits).toMatchObject([{ job: 1, because: { code: "too_big" } }]);
});

test("without a machine in reach every run waits, and says which are out of reach", () => {
  const { waits } = decideOn([], ["lab2 cannot be reached"], aJob(1, 1));
  expect(waits).toMatchObject([{ because: { code: "no_machine", closed: ["lab2 cannot be reached"] } }]);
});

test("for any queue: nothing is over-allocated, no job gets more than it asked for, and none of equal demand that takes as long overtakes", () => {
  const queues = fc.array(
    fc.record({
      gpus: fc.integer({ min: 0, max: 5 }),
      startable: fc.integer({ min: 1, max: 4 }),
      remainingSeconds: fc.option(fc.integer({ min: 1, max: 20 }).map((minutes) => minutes * 60)),
      blockedSince: fc.option(fc.integer({ min: 0, max: NOW })),
    }),
    { maxLength: 12 },
  );
  const helds = fc.array(
    fc.record({ gpus: fc.constant(1), endsAt: fc.option(fc.integer({ min: NOW, max: NOW * 2 })) }),
    {
      maxLength: 4,
    },
  );
  fc.assert(
    fc.property(queues, helds, (queue, held) => {
      const waiting = queue.map(({ gpus, ...rest }, index) => aJob(index + 1, gpus, rest));
      const machine = aMachine(4, held);
      const starts = started(decide(waiting, machine));
      const gpus = machine.held.flatMap(({ slot }) => slot.gpus);
      expect(new Set(gpus).size).toBe(gpus.length);
      for (const job of waiting) {
        const count = starts.filter((id) => id === job.job).length;
        expect(count).toBeLessThanOrEqual(job.startable);
        const later = waiting.filter((other) => {
          return other.job > job.job && other.shape === job.shape && secondsOf(other) >= secondsOf(job);
        });
        if (count < job.startable) expect(starts.filter((id) => later.some((other) => other.job === id))).toEqual([]);
      }
    }),
  );
});

test("it is work conserving where nothing has waited long and no limits are known", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 10 }), (demands) => {
      const waiting = demands.map((gpus, index) => aJob(index + 1, gpus));
      const machine = aMachine(4);
      const starts = new Set(started(decide(waiting, machine)));
      const free = machine.ledger.free().gpus.length;
      for (const job of waiting) if (!starts.has(job.job)) expect(job.demand.gpus).toBeGreaterThan(free);
    }),
  );
});

/** Machines with so many GPUs each, of which so many are held for a time that nobody knows. */
function machines(...gpus: [all: number, held: number][]): OpenMachine[] {
  return gpus.map(([all, held], at) => {
    const open = aMachine(all, held > 0 ? [{ gpus: held, endsAt: null }] : []);
    open.machine = { ...open.machine, id: at + 1, name: `lab${at + 1}` };
    return open;
  });
}

const withWorkers = (workers: number, gpus = 1) => ({
  demand: { gpus, cpus: null, memoryBytes: null, workers } satisfies Demand,
});

test("workers start together, each on a machine of its own as far as there is room", () => {
  const spread = decideOn(machines([2, 0], [2, 1], [2, 2]), [], aJob(1, 1, withWorkers(3)));
  expect(spread.starts).toMatchObject([{ job: 1, workers: [{ machine: 1 }, { machine: 2 }, { machine: 1 }] }]);
});

test("where not all workers fit, none starts, nothing stays held, and smaller runs go first", () => {
  const open = machines([2, 0], [2, 2]);
  const decisions = decideOn(open, [], aJob(1, 1, withWorkers(3)), aJob(2, 2));
  expect(decisions.starts).toMatchObject([{ job: 2, workers: [{ machine: 1, slot: { gpus: ["0", "1"] } }] }]);
  // As things are after the deal: the other one has the place of two of them.
  expect(decisions.waits).toMatchObject([
    { job: 1, because: { code: "workers", asked: 3, fitting: 0, because: { code: "gpus_busy" } } },
  ]);
});

test("what workers will need is kept for them on all their machines once they have waited", () => {
  const open = machines([2, 1], [2, 1], [1, 0]);
  const aged = { ...withWorkers(2, 2), blockedSince: NOW - AGEING_MS };
  const small = [aJob(2, 1), aJob(3, 1)];
  const decisions = decideOn(open, [], aJob(1, 2, aged), ...small);
  expect(decisions.starts).toMatchObject([{ job: 2, workers: [{ machine: 3 }] }]);
  expect(decisions.waits.at(-1)).toMatchObject({ job: 3, because: { code: "reserved", job: 1 } });
});

test("a run that is over before its workers' last place is free may take one of the others meanwhile", () => {
  const open = machines([1, 0]);
  open.push(aMachine(1, [{ gpus: 1, endsAt: NOW + 10 * MINUTE_MS }]));
  const short = aJob(2, 1, { remainingSeconds: 5 * 60 });
  const long = aJob(3, 1, { remainingSeconds: 20 * 60 });
  const blocked = aJob(1, 1, { ...withWorkers(2), blockedSince: NOW - AGEING_MS });
  expect(decideOn(open, [], blocked, long)).toMatchObject({ starts: [], waits: [{ job: 1 }, { job: 3 }] });
  expect(decideOn(open, [], blocked, short)).toMatchObject({ starts: [{ job: 2 }], waits: [{ job: 1 }] });
});
