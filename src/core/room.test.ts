import { expect, test } from "vitest";
import type { Slot } from "./demand.ts";
import { itself, plainHardware } from "./machine.ts";
import { roomOn } from "./room.ts";

function held(...gpus: string[]): Slot {
  return { devices: gpus.join(), gpus, cpus: 0, memoryBytes: 0 };
}

test("there is room for as many runs as GPUs are free and usable, and for one a core where there are no GPUs", () => {
  const machine = itself(null, plainHardware(4, { cpus: 2 }));
  expect(roomOn(machine, [])).toBe(4);
  expect(roomOn(machine, [held("0"), held("1", "2")])).toBe(1);
  const [first, ...rest] = machine.hardware.gpus;
  const broken = { ...machine.hardware, gpus: first ? [{ ...first, problem: "ERR!" }, ...rest] : [] };
  expect(roomOn(itself(null, broken), [held("1")])).toBe(2);
  expect(roomOn(itself(null, plainHardware(0, { cpus: 3 })), [])).toBe(3);
});

test("by hand there is room in the slots that nobody has", () => {
  expect(roomOn(itself(["0", "0", "0,1", ""], plainHardware(2)), [held("0")])).toBe(3);
});

test("what a cluster takes is its own affair", () => {
  expect(roomOn({ ...itself(null, plainHardware(0)), hasQueue: true }, [])).toBeNull();
});
