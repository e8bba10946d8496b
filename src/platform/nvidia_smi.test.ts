import { expect, test } from "vitest";
import { parseGpuList, parseNvidiaGpus, parseNvidiaProcesses } from "./nvidia_smi.ts";

const MIB = 1024 ** 2;
const uuid = "GPU-5f3c1a2b-0000-1111-2222-333344445555";

test("a row without units is read", () => {
  expect(parseNvidiaGpus(`0, ${uuid}, 40960, 512, 37, Disabled, NVIDIA A100-SXM4-40GB\n`)).toEqual({
    gpus: [
      {
        index: "0",
        uuid,
        name: "NVIDIA A100-SXM4-40GB",
        memoryBytes: 40960 * MIB,
        usedBytes: 512 * MIB,
        utilization: 0.37,
        healthy: true,
        problem: null,
        processes: [],
      },
    ],
    problems: [],
    unseen: null,
  });
});

test("a row with units is read alike", () => {
  const [gpu] = parseNvidiaGpus(`0, ${uuid}, 24 GiB, 512 MiB, 100 %, [N/A], NVIDIA GeForce RTX 3090`).gpus;
  expect(gpu).toMatchObject({ memoryBytes: 24 * 1024 * MIB, usedBytes: 512 * MIB, utilization: 1 });
});

test("a name with a comma stays whole, and control characters in it are dropped", () => {
  const [gpu] = parseNvidiaGpus(`0, ${uuid}, 1, 1, 0, Disabled, Quadro, \u001b[31mred\u202e`).gpus;
  expect(gpu?.name).toBe("Quadro, [31mred");
});

test("values that are not available leave a GPU healthy and unknown", () => {
  for (const value of ["[N/A]", "N/A", "[Not Supported]", "[Insufficient Permissions]"]) {
    const [gpu] = parseNvidiaGpus(`0, ${uuid}, ${value}, ${value}, ${value}, ${value}, NVIDIA GB10`).gpus;
    expect(gpu).toMatchObject({ memoryBytes: null, usedBytes: null, utilization: null, healthy: true, problem: null });
  }
});

test("a GPU with broken values is there, and not healthy", () => {
  for (const value of ["[Unknown Error]", "ERR!", "[GPU is lost]", "[GPU requires reset]"]) {
    const { gpus } = parseNvidiaGpus(
      `0, ${uuid}, 40960, 0, 0, Disabled, A\n1, ${uuid}, ${value}, ${value}, ${value}, Disabled, B`,
    );
    expect(gpus.map((gpu) => gpu.healthy)).toEqual([true, false]);
    expect(gpus[1]?.problem).toContain(value);
  }
});

test("a GPU that newer drivers cannot open is there under its index, and not healthy", () => {
  const { gpus } = parseNvidiaGpus(
    `Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error\n0, ${uuid}, 40960, 0, 0, Disabled, A\n2, ${uuid}, 40960, 0, 0, Disabled, A`,
  );
  expect(gpus.map((gpu) => [gpu.index, gpu.healthy])).toEqual([
    ["0", true],
    ["1", false],
    ["2", true],
  ]);
  expect(gpus[1]?.problem).toBe(
    "nvidia-smi cannot reach it (0000:34:00.0: Unknown Error); a reboot usually brings it back",
  );
});

test("a GPU that older drivers cannot open is told by its bus address", () => {
  for (const form of ["GPU 0000:0B:00.0: GPU is lost.", "GPU0000:0B:00.0: GPU is lost."]) {
    const { gpus, problems } = parseNvidiaGpus(`Unable to determine the device handle for ${form}`);
    expect(gpus).toEqual([]);
    expect(problems).toEqual([expect.stringContaining("0000:0B:00.0")]);
  }
});

test("a GPU split by MIG says how its parts are used", () => {
  const { gpus, problems } = parseNvidiaGpus(`3, ${uuid}, 40960, 0, [N/A], Enabled, NVIDIA A100`);
  expect(gpus).toMatchObject([{ index: "3", healthy: true, utilization: null }]);
  expect(problems).toEqual([expect.stringMatching(/^GPU 3 is split by MIG.*machines set local --slots/)]);
});

test("other text is no GPU", () => {
  for (const text of ["", "No devices were found", "garbage, more", "0, a, b"]) {
    expect(parseNvidiaGpus(text)).toEqual({ gpus: [], problems: [], unseen: null });
  }
});

test("compute processes are read by GPU, with names that hold commas", () => {
  const text = `${uuid}, 4242, 18200, /usr/bin/python3, --x\n${uuid}, 77, [N/A], [Not Found]\nGPU-b, 8, 3 MiB, b\n\nno, row\n`;
  expect([...parseNvidiaProcesses(text)]).toEqual([
    [
      uuid,
      [
        { pid: 4242, name: "/usr/bin/python3, --x", usedBytes: 18200 * MIB },
        { pid: 77, name: "[Not Found]", usedBytes: null },
      ],
    ],
    ["GPU-b", [{ pid: 8, name: "b", usedBytes: 3 * MIB }]],
  ]);
});

test("the list of GPUs gives their UUIDs, not those of MIG parts", () => {
  const text = `GPU 0: NVIDIA A100 (40GB) (UUID: ${uuid})\n  MIG 1g.5gb     Device  0: (UUID: MIG-1c2d)\nUnable to determine the device handle for gpu 0000:02:00.0: Unknown Error\n`;
  expect(parseGpuList(text)).toEqual([uuid]);
});
