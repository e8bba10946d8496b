import type { Demand } from "../src/core/demand.ts";
import { itself, type Machine, plainHardware } from "../src/core/machine.ts";
import type { Policy } from "../src/core/policies/policy.ts";
import { USUAL_RULES } from "../src/core/policies/rules.ts";
import { openReasons } from "../src/core/reasons.ts";
import type { AttemptId } from "../src/core/run.ts";
import { randomBelow } from "../src/core/shuffle.ts";
import { decide, decideAhead, type Seat, type Stop } from "../src/scheduler/deals.ts";
import { openFloor } from "../src/scheduler/floor.ts";
import { openQueue } from "../src/scheduler/queue.ts";
import type { QueuedRun } from "../src/scheduler/queued_run.ts";
import type { JobRow } from "../src/store/jobs.ts";
import type { GoingOn } from "../src/store/runs.ts";

/** The scheduler's own queue and floor, without a store, drivers and processes: what a turn of the loop decides. */
export interface CrowdedYard {
  /** One turn of the loop: `pass`, then `takeOver`. How many start, and how many are to stop. */
  turn(): { started: number; stopped: number };
  /** Decides which runs start where, and which are to stop. */
  pass(): Passed;
  /** Has what starts hold its places, and asks the others to stop: in a yard, once that is committed. */
  takeOver(passed: Passed): void;
  /** Submits jobs of one run each. */
  submit(count: number): void;
  /** One that runs ends: one that was asked to make room, if there is any, which then waits again; else any. */
  end(): void;
  waiting(): number;
  running(): number;
  /** Later by so many seconds. */
  advance(seconds: number): void;
}

const POOL = "local";
const GPUS_EACH = 8;
const SIZES = [1, 1, 1, 1, 1, 2, 2, 4, 4, 8];
const PRIORITIES = [30, 30, 30, 30, 30, 30, 20, 10];
const USERS = ["ada", "bob", "cyd", "dan", "eve", "fay"];

export interface Passed {
  seats: Seat[];
  stops: Stop[];
}

/** A yard of so many machines with eight GPUs each, whose runs may all be stopped at once where the policy does that. */
export function openCrowdedYard(policy: Policy, machines: number, seed: number): CrowdedYard {
  const below = randomBelow(seed);
  const drawn = <Value>(values: readonly Value[]) => values[below(values.length)] as Value;
  const total = { gpus: machines * GPUS_EACH, cpus: machines * 64, memoryBytes: machines * 2 ** 39 };
  const settings = { ...USUAL_RULES, minQuantumSeconds: 0, preemptCostSeconds: 0, total };
  const queue = openQueue(() => ({
    ...policy.open<QueuedRun>(settings),
    preempts: policy.preempts,
    resizes: policy.resizes,
    mostGpusOf: () => Number.POSITIVE_INFINITY,
  }));
  const floor = openFloor(() => 720);
  floor.refresh(Array.from({ length: machines }, (_, at) => aMachine(at + 1)));
  const reasons = openReasons();
  const rows = new Map<number, JobRow>();
  /** What runs, in no order. */
  const held: { attempt: AttemptId; row: JobRow; machine: number; since: number; servedMs: number }[] = [];
  const placeOf = new Map<number, number>();
  const leaving: number[] = [];
  const servedMs = new Map<number, number>();
  let waiting = 0;
  let jobs = 0;
  let nowMs = 1_000_000;

  function aRow(): JobRow {
    jobs += 1;
    const demand: Demand = { gpus: drawn(SIZES), cpus: null, memoryBytes: null };
    // Half of them say how long they take.
    const timeLimitMs = below(2) === 0 ? null : 60_000 * (1 + below(600));
    const rules = {
      paused: false,
      waitingFor: 0,
      atMost: null,
      expectedMs: null,
      timeLimitMs,
      resumable: true,
      endedAt: null,
    };
    const counts = { queued: 1, running: 0 };
    const who = { id: jobs, user: drawn(USERS), priority: drawn(PRIORITIES), pool: POOL };
    return { ...who, demand, ...rules, counts } as unknown as JobRow;
  }

  function refresh(changed: readonly JobRow[]): void {
    const goingOn = changed.flatMap((row): GoingOn[] => {
      const served = servedMs.get(row.id);
      return served === undefined ? [] : [{ job: row.id, n: 1, servedMs: served }];
    });
    queue.refresh(
      changed.map(({ id }) => id),
      changed,
      goingOn,
      nowMs / 1000,
    );
  }

  function seat({ row, workers, endsAt, order }: Seat): void {
    const [place] = workers;
    if (!place) return;
    const attempt = `${row.id}.1.${nowMs}` as AttemptId;
    const before = servedMs.get(row.id) ?? 0;
    floor.seat(place.machine, { attempt, slot: place.slot, endsAt });
    const seats = [{ attempt, ...place }];
    queue.hold({ job: row, n: 1, seats, servedSeconds: before / 1000, isLeaving: false }, nowMs / 1000, order);
    placeOf.set(row.id, held.length);
    held.push({ attempt, row, machine: place.machine, since: nowMs, servedMs: before });
    waiting -= 1;
  }

  function pass(): Passed {
    const { seats, stops } = decide(queue, floor, reasons, (pool) => pool, nowMs);
    const ahead = decideAhead(queue, floor, seats, () => false, nowMs);
    return { seats: [...seats, ...ahead], stops };
  }

  function takeOver({ seats, stops }: Passed): void {
    for (const one of seats) seat(one);
    for (const { run, order } of stops) {
      queue.asked(run, order);
      leaving.push(run.job);
    }
  }

  return {
    pass,
    takeOver,
    turn() {
      const passed = pass();
      takeOver(passed);
      return { started: passed.seats.length, stopped: passed.stops.length };
    },
    submit(count) {
      const fresh = Array.from({ length: count }, aRow);
      for (const row of fresh) {
        rows.set(row.id, row);
        // A third have run before, and had to make room.
        if (below(3) === 0) servedMs.set(row.id, 1 + below(3_600_000));
      }
      refresh(fresh);
      waiting += count;
    },
    end() {
      const asked = leaving.pop();
      const at = asked === undefined ? below(held.length) : (placeOf.get(asked) ?? 0);
      const one = held[at];
      const last = held.pop();
      if (!one || !last) return;
      if (one !== last) {
        held[at] = last;
        placeOf.set(last.row.id, at);
      }
      const { attempt, row, machine } = one;
      floor.leave(machine, [{ attempt, tookMs: 600_000 }], nowMs);
      queue.leave(attempt, nowMs / 1000);
      placeOf.delete(row.id);
      if (asked === undefined) return;
      servedMs.set(row.id, one.servedMs + nowMs - one.since);
      refresh([row]);
      waiting += 1;
    },
    waiting: () => waiting,
    running: () => held.length,
    advance(seconds) {
      nowMs += 1000 * seconds;
    },
  };
}

function aMachine(id: number): Machine {
  const hardware = plainHardware(GPUS_EACH, { cpus: 64, memoryBytes: 2 ** 39, gpu: { name: "A100" } });
  return { ...itself(null, hardware), id, name: `lab${id}`, pool: POOL };
}
