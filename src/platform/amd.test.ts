import { expect, test } from "vitest";
import { parseAmdGpus, parseJsonWithin } from "./amd_smi.ts";
import { parseRocmGpus } from "./rocm_smi.ts";

const MIB = 1024 ** 2;

const list = JSON.stringify([
  { gpu: 0, bdf: "0000:05:00.0", uuid: "1fff74b5-0000-1000-8000-000000000000", partition_id: 0 },
  { gpu: 1, bdf: "0000:06:00.0", uuid: "N/A" },
]);
const fixed = JSON.stringify([
  { gpu: 0, asic: { market_name: "AMD Instinct MI300X" }, vram: { size: { value: 196592, unit: "MB" } } },
  { gpu: 1, asic: { market_name: "N/A" }, vram: { size: "N/A" } },
]);
const memory = (used: number) => ({
  total_vram: { value: 196592, unit: "MB" },
  used_vram: { value: used, unit: "MB" },
});
const metric = (used0: number, used1: number) =>
  JSON.stringify({
    gpu_data: [
      { gpu: 0, usage: { gfx_activity: { value: 87, unit: "%" } }, mem_usage: memory(used0) },
      { gpu: 1, usage: { gfx_activity: "N/A" }, mem_usage: memory(used1) },
    ],
  });
const python = {
  process_info: { name: "python3", pid: 4242, memory_usage: { vram_mem: { value: 29429556000, unit: "B" } } },
};
const nobody = { process_info: "No running processes detected" };
const processes = (on0: object[], on1: object[]) =>
  JSON.stringify([
    { gpu: 0, process_list: on0 },
    { gpu: 1, process_list: on1 },
  ]);

test("amd-smi's lists are joined by GPU, in their plain and their wrapped form", () => {
  expect(parseAmdGpus(list, fixed, metric(121344, 283), processes([python], [nobody]))).toEqual([
    {
      index: "0",
      uuid: "1fff74b5-0000-1000-8000-000000000000",
      name: "AMD Instinct MI300X",
      memoryBytes: 196592 * MIB,
      usedBytes: 121344 * MIB,
      utilization: 0.87,
      healthy: true,
      problem: null,
      processes: [{ pid: 4242, name: "python3", usedBytes: 29429556000 }],
    },
    {
      index: "1",
      uuid: null,
      name: "AMD GPU",
      memoryBytes: 196592 * MIB,
      usedBytes: 283 * MIB,
      utilization: null,
      healthy: true,
      problem: null,
      processes: [],
    },
  ]);
});

test("a process that amd-smi lists under every GPU alike belongs to those in use", () => {
  const pids = (used0: number, used1: number) =>
    parseAmdGpus(list, fixed, metric(used0, used1), processes([python], [python])).map((gpu) => gpu.processes.length);
  expect(pids(121344, 283)).toEqual([1, 0]);
  expect(pids(121344, 60000)).toEqual([1, 1]);
});

test("where metric and process fail, the GPUs are still listed", () => {
  const [gpu] = parseAmdGpus(list, fixed, "", "ERROR");
  expect(gpu).toMatchObject({
    index: "0",
    memoryBytes: 196592 * MIB,
    usedBytes: null,
    utilization: null,
    processes: [],
  });
  expect(parseAmdGpus("", fixed, metric(1, 1), "")).toEqual([]);
});

test("warnings before the JSON are passed over", () => {
  expect(parseJsonWithin('WARNING: User is not in the render group [gid 44]\n[{"gpu": 0}]\n')).toEqual([{ gpu: 0 }]);
  expect(parseJsonWithin("no JSON")).toBeNull();
  expect(parseJsonWithin('{"cut')).toBeNull();
});

test("rocm-smi's cards are read, whatever the capitals of its keys", () => {
  const card = (series: string, used: string) => ({
    [series]: "AMD INSTINCT MI200",
    "Unique ID": "0x592c190172fd5d40",
    "VRAM Total Memory (B)": "68702699520",
    "VRAM Total Used Memory (B)": used,
    "GPU use (%)": "95",
  });
  const text = JSON.stringify({
    card1: card("Card Series", "30000000000"),
    card0: { ...card("Card series", "11534336"), "Unique ID": "N/A", "GPU use (%)": "0" },
    system: {
      PID4242: "python, -u, 1, 30000000000, 0, UNKNOWN",
      PID7: "gpuagent, 0, 0, 0, 0",
      "Driver version": "6.14.14",
    },
  });
  expect(parseRocmGpus(`WARNING: AMD GPU device(s) is/are in a low-power state.\n${text}`)).toEqual([
    expect.objectContaining({ index: "0", uuid: null, name: "AMD INSTINCT MI200", utilization: 0, processes: [] }),
    {
      index: "1",
      uuid: "0x592c190172fd5d40",
      name: "AMD INSTINCT MI200",
      memoryBytes: 68702699520,
      usedBytes: 30000000000,
      utilization: 0.95,
      healthy: true,
      problem: null,
      processes: [{ pid: 4242, name: "python, -u", usedBytes: 30000000000 }],
    },
  ]);
});

test("a card that says nothing of itself is a GPU of unknown size, and other text is none", () => {
  expect(parseRocmGpus('{"card0": {"Card model": "0x7408"}}')).toMatchObject([
    { name: "0x7408", memoryBytes: null, usedBytes: null },
  ]);
  for (const text of ["", "{}", "[]", "ERROR:root:Driver not initialized (amdgpu not found in modules)"]) {
    expect(parseRocmGpus(text)).toEqual([]);
  }
});
