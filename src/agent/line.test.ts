import { expect, test } from "vitest";
import type { Slot } from "../core/demand.ts";
import { UNKNOWN_HARDWARE } from "../core/machine.ts";
import { openLine } from "./line.ts";

const cpuSlot: Slot = { devices: "", gpus: [], cpus: 1, memoryBytes: 0 };

/** A line on a machine of so many cores, and who has been called up. */
function aLine(cpus: number) {
  const called: string[] = [];
  const sentAway: string[] = [];
  const line = openLine<{ name: string; slot: Slot }>(
    ({ name }) => called.push(name),
    ({ name }) => sentAway.push(name),
  );
  const hardware = { ...UNKNOWN_HARDWARE, cpus };
  line.refit(null, hardware);
  const come = (name: string, slot = cpuSlot) => {
    const who = { name, slot };
    line.join(who);
    return who;
  };
  return { line, called, sentAway, hardware, come };
}

test("who stands in line is called up in order, as slots become free", () => {
  const { line, called, come } = aLine(1);
  const [first] = [come("first"), come("second"), come("third")];
  line.advance();
  expect(called).toEqual(["first"]);
  line.leave(first);
  line.advance();
  expect(called).toEqual(["first", "second"]);
});

test("who leaves the line is not called up", () => {
  const { line, called, come } = aLine(1);
  line.leave(come("first"));
  come("second");
  line.advance();
  expect(called).toEqual(["second"]);
});

test("whoever holds a slot holds it until it leaves, however often the machine is fitted anew meanwhile", () => {
  const { line, called, hardware, come } = aLine(1);
  const first = come("first");
  line.advance();
  line.refit(null, hardware);
  for (const name of ["second", "third"]) come(name);
  line.advance();
  expect(called).toEqual(["first"]);
  line.leave(first);
  line.leave(first);
  line.advance();
  expect(called).toEqual(["first", "second"]);
});

test("slots named by hand go to as many as there are of each, and may share a GPU", () => {
  const { line, called, hardware, come } = aLine(1);
  expect(line.sharesGpus()).toBe(false);
  line.refit(["0", "0"], hardware);
  expect(line.sharesGpus()).toBe(true);
  for (const name of ["first", "second", "third"]) come(name, { devices: "0", gpus: ["0"], cpus: 0, memoryBytes: 0 });
  line.advance();
  expect(called).toEqual(["first", "second"]);
});

test("who waits for a slot that is taken away is sent away", () => {
  const { line, called, sentAway, hardware, come } = aLine(1);
  line.refit(["0", "1"], hardware);
  for (const name of ["first", "second", "third"]) come(name, { devices: "1", gpus: ["1"], cpus: 0, memoryBytes: 0 });
  line.advance();
  line.refit(["0"], hardware);
  line.advance();
  expect([called, sentAway]).toEqual([["first"], ["second", "third"]]);
});
