import { expect, test } from "vitest";
import type { Demand } from "../core/demand.ts";
import type { Machine } from "../core/machine.ts";
import type { AttemptId } from "../core/run.ts";
import { type Floor, openFloor } from "./floor.ts";

const ONE_CORE: Demand = { gpus: null, cpus: null, memoryBytes: null };

/** A floor with one machine, 1, where runs have been short. */
function aFloor({ slots = null, cpus = 2 }: { slots?: string[] | null; cpus?: number }): Floor {
  const hardware = { cpus, memoryBytes: 1e9, gpus: [], problems: [], unseen: null, reserved: [], blocked: null };
  const machine: Machine = {
    id: 1,
    name: "lab1",
    pool: "local",
    hardware,
    slots,
    drained: false,
    seenAt: 1,
    unreachableSince: null,
    trouble: null,
  };
  const floor = openFloor(() => 0);
  floor.refresh([machine]);
  floor.leave(1, [{ attempt: named("before"), tookMs: 5 }], 0);
  return floor;
}

function named(name: string): AttemptId {
  return name as AttemptId;
}

/** Seats an attempt where the ledger has room. */
function seat(floor: Floor, name: string, demand = ONE_CORE): void {
  const open = floor.open("local")[0];
  const slot = open?.ledger.place(demand);
  if (!open || !slot) throw new Error(`no room for ${name}`);
  open.ledger.hold(slot);
  floor.seat(1, { attempt: named(name), slot, endsAt: null });
}

test("a run stands in line only where any run that ends frees just the slot it needs", () => {
  const mixed = aFloor({ slots: ["0", "1"] });
  seat(mixed, "a");
  seat(mixed, "b");
  expect(mixed.placeAhead(1, ONE_CORE, [], 0)).toBeNull();

  const alike = aFloor({ slots: ["", ""] });
  seat(alike, "a");
  seat(alike, "b");
  expect(alike.placeAhead(1, ONE_CORE, [], 0)).toMatchObject({ devices: "" });

  const counted = aFloor({ cpus: 2 });
  seat(counted, "a");
  seat(counted, "b");
  expect(counted.placeAhead(1, ONE_CORE, [], 0)).toMatchObject({ cpus: 1 });
  expect(counted.placeAhead(1, { ...ONE_CORE, cpus: 2 }, [], 0)).toBeNull();
});

test("what stands in line gets the first slot that is free", () => {
  const floor = aFloor({ slots: [""] });
  seat(floor, "a");
  const slot = floor.placeAhead(1, ONE_CORE, [], 0);
  if (!slot) throw new Error("there is a line");
  floor.queue(1, { attempt: named("b"), slot, endsAt: null }, 100);
  floor.leave(1, [{ attempt: named("a"), tookMs: 5 }], 110);
  expect(floor.open("local")[0]?.held).toMatchObject([{ attempt: "b" }]);
  expect(floor.stuck(10_000)).toEqual([]);
});

test("who stands in line for long is told of once, and nobody else is put there", () => {
  const floor = aFloor({ slots: [""] });
  seat(floor, "a");
  const slot = floor.placeAhead(1, ONE_CORE, [], 0);
  if (!slot) throw new Error("there is a line");
  floor.queue(1, { attempt: named("b"), slot, endsAt: null }, 100);
  expect(floor.stuck(200)).toEqual([]);
  expect(floor.stuck(1000)).toEqual(["b"]);
  expect(floor.stuck(2000)).toEqual([]);
  floor.leave(1, [{ attempt: named("b"), tookMs: null }], 3000);
  expect(floor.placeAhead(1, ONE_CORE, [], 0)).toBeNull();
});

test("a line is called back as a whole: who came later must not take the place of who was first", () => {
  const floor = aFloor({ slots: [""] });
  seat(floor, "a");
  const slot = floor.placeAhead(1, ONE_CORE, [], 0);
  if (!slot) throw new Error("there is a line");
  floor.queue(1, { attempt: named("b"), slot, endsAt: null }, 100);
  floor.queue(1, { attempt: named("c"), slot, endsAt: null }, 550);
  expect(floor.stuck(650)).toEqual(["b", "c"]);
});

test("a line is as long as slots are freed, however short the runs themselves are", () => {
  const floor = aFloor({ slots: [""] });
  seat(floor, "0");
  const slot = floor.placeAhead(1, ONE_CORE, [], 30);
  if (!slot) throw new Error("runs of 5 ms let many stand in line");
  floor.queue(1, { attempt: named("1"), slot, endsAt: null }, 0);
  for (let n = 1; n <= 40; n += 1) {
    floor.queue(1, { attempt: named(`${n + 1}`), slot, endsAt: null }, n * 100);
    floor.leave(1, [{ attempt: named(`${n - 1}`), tookMs: 5 }], n * 100);
  }
  expect(floor.placeAhead(1, ONE_CORE, [], 30)).toBeNull();
  expect(floor.placeAhead(1, ONE_CORE, [], 1)).not.toBeNull();
});

test("runs that start in the same turn count as running: a machine whose runs have all just ended gets a line too", () => {
  const floor = aFloor({ slots: ["", ""] });
  expect(floor.placeAhead(1, ONE_CORE, [], 0)).toBeNull();
  const slot = floor.open("local")[0]?.ledger.place(ONE_CORE);
  if (!slot) throw new Error("the machine is free");
  expect(floor.placeAhead(1, ONE_CORE, [{ slot }], 0)).not.toBeNull();
  expect(floor.placeAhead(1, ONE_CORE, [{ slot: { ...slot, cpus: 2 } }], 0)).toBeNull();
});

test("a line is none the shorter for the night before it", () => {
  const floor = aFloor({ slots: [""] });
  const night = 36_000_000;
  seat(floor, "a");
  const slot = floor.placeAhead(1, ONE_CORE, [], 0);
  if (!slot) throw new Error("runs of 5 ms let others stand in line");
  floor.queue(1, { attempt: named("b"), slot, endsAt: null }, night);
  floor.leave(1, [{ attempt: named("a"), tookMs: 5 }], night + 10);
  expect(floor.placeAhead(1, ONE_CORE, [], 20)).not.toBeNull();
});
