import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type DetectGpusOptions, detectGpus, limitToVisible } from "./gpus.ts";
import { listProcesses } from "./processes.ts";

const MIB = 1024 ** 2;
const testbed = new URL("../../test/testbed/", import.meta.url).pathname;
const nowhere = { nvidiaSmi: "/nonexistent/a", amdSmi: "/nonexistent/b", rocmSmi: "/nonexistent/c" };

/** A machine with the scripted tools of one vendor or both, and what they shall say. */
function machineWith(tools: ("nvidia-smi" | "amd-smi" | "rocm-smi")[], says: object): DetectGpusOptions {
  const folder = mkdtempSync(join(tmpdir(), "runyard-gpus-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "gpus.json"), JSON.stringify(says));
  const options: DetectGpusOptions = { ...nowhere, deadlineMs: 20_000 };
  for (const tool of tools) {
    symlinkSync(join(testbed, tool), join(folder, tool));
    if (tool === "nvidia-smi") options.nvidiaSmi = join(folder, tool);
    if (tool === "amd-smi") options.amdSmi = join(folder, tool);
    if (tool === "rocm-smi") options.rocmSmi = join(folder, tool);
  }
  return options;
}

const two = [
  {
    name: "NVIDIA A100",
    memory_mib: 40960,
    used_mib: 18300,
    percent: 50,
    processes: [{ pid: 4242, name: "python3", used_mib: 18200 }],
  },
  { name: "NVIDIA A100", memory_mib: 40960 },
];

test("a machine without any tool has no GPUs, and that is no problem", async () => {
  expect(await detectGpus(nowhere)).toEqual({ gpus: [], problems: [], unseen: null, tool: null });
});

test("nvidia-smi's GPUs are found with what runs on them", async () => {
  const survey = await detectGpus(machineWith(["nvidia-smi"], { gpus: two }));
  expect(survey).toMatchObject({ tool: "nvidia-smi", problems: [] });
  expect(survey.gpus).toMatchObject([
    {
      index: "0",
      usedBytes: 18300 * MIB,
      utilization: 0.5,
      processes: [{ pid: 4242, name: "python3", usedBytes: 18200 * MIB }],
    },
    { index: "1", usedBytes: 0, utilization: 0, processes: [], healthy: true },
  ]);
});

test("AMD's GPUs are found by either of its tools", async () => {
  for (const tool of ["amd-smi", "rocm-smi"] as const) {
    const survey = await detectGpus(
      machineWith([tool], { gpus: two.map((gpu) => ({ ...gpu, name: "AMD Instinct MI300X" })) }),
    );
    expect(survey).toMatchObject({ tool, problems: [] });
    expect(survey.gpus).toMatchObject([
      { index: "0", name: "AMD Instinct MI300X", memoryBytes: 40960 * MIB, processes: [{ pid: 4242 }] },
      { index: "1", usedBytes: 0, processes: [] },
    ]);
  }
});

test("a driver too old for MIG is asked again without it", async () => {
  const survey = await detectGpus(machineWith(["nvidia-smi"], { unknown_fields: ["mig.mode.current"], gpus: two }));
  expect(survey.gpus.map((gpu) => gpu.name)).toEqual(["NVIDIA A100", "NVIDIA A100"]);
});

test("a machine whose driver has no devices has no GPUs and no problem", async () => {
  expect(await detectGpus(machineWith(["nvidia-smi"], { gpus: [] }))).toEqual({
    gpus: [],
    problems: [],
    unseen: null,
    tool: "nvidia-smi",
  });
  const atZero = machineWith(["nvidia-smi"], { says: { text: "No devices were found", exit: 0 } });
  expect(await detectGpus(atZero)).toEqual({ gpus: [], problems: [], unseen: null, tool: "nvidia-smi" });
});

test("a broken GPU is listed as unhealthy beside the good ones", async () => {
  const { gpus } = await detectGpus(machineWith(["nvidia-smi"], { gpus: [{ value: "[Unknown Error]" }, {}] }));
  expect(gpus.map((gpu) => gpu.healthy)).toEqual([false, true]);
});

test("a lost GPU that stops the whole query does not take the others with it", async () => {
  const { gpus, problems } = await detectGpus(machineWith(["nvidia-smi"], { gpus: [{}, { lost: true }, {}] }));
  expect(gpus.map((gpu) => gpu.index)).toEqual(["0", "2"]);
  expect(problems[0]).toMatch(/^nvidia-smi cannot reach a GPU \(0000:02:00\.0: GPU is lost/);
});

test("a driver that does not answer the tool is a problem in words", async () => {
  const text =
    "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.";
  const survey = await detectGpus(machineWith(["nvidia-smi"], { says: { text: `${text}\n`, exit: 9 } }));
  expect(survey.gpus).toEqual([]);
  expect(survey.problems).toEqual([
    expect.stringMatching(/^nvidia-smi failed with exit code 9: NVIDIA-SMI has failed/),
  ]);
});

test("words that are no answer are a problem too", async () => {
  const survey = await detectGpus(machineWith(["nvidia-smi"], { says: { text: "please wait" } }));
  expect(survey.problems).toEqual(["nvidia-smi said something that Runyard does not understand: please wait"]);
});

test("a tool that hangs is a problem after the deadline, and is not left behind", async () => {
  const hanging = { ...machineWith(["nvidia-smi"], { hang_s: 600, gpus: two }), deadlineMs: 400 };
  const survey = await detectGpus(hanging);
  expect(survey).toMatchObject({ gpus: [], tool: "nvidia-smi" });
  expect(survey.problems).toEqual([expect.stringMatching(/^nvidia-smi did not answer within 0.4 s and was stopped/)]);
  await expect.poll(() => commandLines().filter((line) => line.includes(hanging.nvidiaSmi ?? ""))).toEqual([]);
});

test("where NVIDIA's tool is broken, AMD's GPUs are found all the same", async () => {
  const options = machineWith(["amd-smi"], { gpus: [{}] });
  const broken = machineWith(["nvidia-smi"], { says: { text: "Failed to initialize NVML", exit: 18 } });
  const survey = await detectGpus({ ...options, nvidiaSmi: broken.nvidiaSmi ?? "" });
  expect(survey).toMatchObject({ tool: "amd-smi", gpus: [{ index: "0" }] });
  expect(survey.problems).toHaveLength(1);
});

test("CUDA_VISIBLE_DEVICES limits what is found, by index, UUID and the beginning of one", async () => {
  const survey = await detectGpus(
    machineWith(["nvidia-smi"], { gpus: [{ uuid: "GPU-aaaa1" }, { uuid: "GPU-aaaa2" }, { uuid: "GPU-bbbb" }] }),
  );
  const limited = (visible: string | null) => {
    const { gpus, problems } = limitToVisible(survey, visible);
    return [gpus.map((gpu) => gpu.index).join(), problems.length];
  };
  expect(limited(null)).toEqual(["0,1,2", 0]);
  expect(limited("")).toEqual(["", 0]);
  expect(limited("-1")).toEqual(["", 0]);
  expect(limited("2,0")).toEqual(["0,2", 0]);
  expect(limited("1, -1, 0")).toEqual(["1", 0]);
  expect(limited("GPU-b,GPU-AAAA2")).toEqual(["1,2", 0]);
  expect(limited("GPU-aaaa,2")).toEqual(["", 1]);
  expect(limited("0,7,1")).toEqual(["0", 1]);
});

function commandLines(): string[] {
  return listProcesses().map(({ pid }) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1");
    } catch {
      return "";
    }
  });
}
