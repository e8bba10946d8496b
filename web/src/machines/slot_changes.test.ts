import { expect, test } from "vitest";
import type { Machine } from "../../../src/api/machine.ts";
import { afterSlots, listedSlots } from "./slot_changes.ts";

const gpus = [{ index: "0", uuid: "GPU-aa" }] as Machine["gpus"];
const holder = (run: string, devices: string) => ({ run, devices }) as Machine["holders"][number];

test("the slots that are set are those that are not let go", () => {
  const slot = (devices: string, draining: boolean) => ({ devices, heldBy: null, draining });
  expect(listedSlots({ slots: [slot("0", false), slot("1", true), slot("", false)] })).toEqual(["0", ""]);
  expect(listedSlots({ slots: null })).toBeNull();
});

test("what a change of slots does to runs is said before it is made", () => {
  expect(afterSlots({ gpus, holders: [] }, ["0"])).toBe("Nothing runs there now.");
  const holders = [holder("1.1", "0"), holder("2.1", "0")];
  expect(afterSlots({ gpus, holders }, null)).not.toContain("gone");
  expect(afterSlots({ gpus, holders }, ["GPU-aa", "0"])).not.toContain("gone");
  expect(afterSlots({ gpus, holders }, ["0"])).toMatch(/The slot of 2\.1 will be gone after that\.$/);
  expect(afterSlots({ gpus, holders }, [""])).toMatch(/The slots of 1\.1, 2\.1 will be gone after that\.$/);
});
