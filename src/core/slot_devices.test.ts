import { expect, test } from "vitest";
import { objectionToSlot } from "./slot_devices.ts";

test("a slot is empty, or names GPUs by index, by UUID or as a part of one, each once", () => {
  const good = ["", "0", "0,1", "1,0", "15", "GPU-5f3c9a", "0,GPU-5f3c9a", "MIG-1c2d", "MIG-GPU-5f3c/1/0"];
  expect(good.map(objectionToSlot)).toEqual(good.map(() => null));
  const bad = [
    ",",
    "0,",
    "0,,1",
    "0,0",
    "-1",
    "00",
    " 0",
    "0 ",
    "0;1",
    "0-1",
    "GPU-",
    "gpu0",
    "all",
    "--no-slots",
    "é",
    "0\n",
  ];
  for (const devices of bad) expect(objectionToSlot(devices), devices).toContain(`'${devices}'`);
  expect(objectionToSlot("0,,1")).toContain("a comma with no device beside it");
  expect(objectionToSlot("0,x")).toContain('"x" is no device');
  expect(objectionToSlot("2,2")).toContain("names 2 twice");
});
