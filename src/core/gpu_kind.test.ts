import { expect, test } from "vitest";
import { describeGpus, isGpuType, isOfKind } from "./gpu_kind.ts";

const MB = 1024 ** 2;
const GB = 1024 ** 3;

function aGpu(name: string, memoryBytes: number | null = null) {
  return { name, memoryBytes };
}

test.each([
  ["NVIDIA A100-SXM4-80GB", "a100", true],
  ["NVIDIA A100-SXM4-80GB", "A100-SXM4", true],
  ["NVIDIA A100-SXM4-80GB", "nvidia a100", true],
  ["NVIDIA A100-SXM4-80GB", "a10", false],
  ["NVIDIA A10", "a100", false],
  ["NVIDIA GeForce RTX 3090", "rtx3090", true],
  ["NVIDIA GeForce RTX 3090", "RTX-3090", true],
  ["NVIDIA GeForce RTX 3090 Ti", "3090", true],
  ["NVIDIA GeForce RTX 3090", "3090ti", false],
  ["AMD Instinct MI250X", "mi250x", true],
  ["", "a100", false],
])("%s is a %s: %s", (name, type, expected) => {
  expect(isOfKind(aGpu(name), { types: [type] })).toBe(expected);
  expect(isOfKind(aGpu(name), { types: ["h200", type] })).toBe(expected);
});

test.each([
  // What nvidia-smi shows of those that are sold with 16, 24, 40 and 80 GB.
  [15_109 * MB, 16],
  [22_731 * MB, 24],
  [24_564 * MB, 24],
  [40_536 * MB, 40],
  [81_559 * MB, 80],
])("a GPU that shows %i bytes has the %i GB it is sold with, and not a quarter more", (shown, sold) => {
  expect(isOfKind(aGpu("any", shown), { memoryBytes: sold * GB })).toBe(true);
  expect(isOfKind(aGpu("any", shown), { memoryBytes: 1.25 * sold * GB })).toBe(false);
});

test("a GPU whose memory is not known does for those alone who do not ask for any", () => {
  expect(isOfKind(aGpu("A100"), { memoryBytes: 1 })).toBe(false);
  expect(isOfKind(aGpu("A100"), { types: ["a100"] })).toBe(true);
});

test("what is asked for reads as one would say it", () => {
  expect(describeGpus(1, undefined)).toBe("1 GPU");
  expect(describeGpus(2, { types: ["a100", "h100"], memoryBytes: 80 * GB })).toBe(
    "2 a100 or h100 GPUs with 80 GB each",
  );
  expect(describeGpus(1, { memoryBytes: 24 * GB })).toBe("1 GPU with 24 GB");
  expect([isGpuType("rtx 3090"), isGpuType(" "), isGpuType("-")]).toEqual([true, false, false]);
});
