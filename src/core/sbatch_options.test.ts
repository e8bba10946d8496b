import { describe, expect, test } from "vitest";
import { demandOptions, objectionToDemand } from "./sbatch_options.ts";
import type { SbatchOption } from "./slurm.ts";

const MINUTE_MS = 60_000;
const nothing = { gpus: null, cpus: null, memoryBytes: null };

/** As they stand on a command line. */
function shown(options: readonly SbatchOption[]): string {
  return options.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(" ");
}

function gpus(n: number, resources: SbatchOption[], workers = 1): string {
  return shown(demandOptions({ ...nothing, gpus: n, workers }, null, resources)).replace(/^nodes.*node=1 ?/, "");
}

test("what was not said adds nothing to the pool's resources", () => {
  expect(demandOptions(nothing, null, [["gres", "gpu:p100:1"]])).toEqual([]);
});

test("cores, memory and time are asked for as Slurm counts them, rounded up", () => {
  const demand = { gpus: null, cpus: 4, memoryBytes: 1.5 * 1024 ** 2 };
  expect(shown(demandOptions(demand, 90_000, []))).toBe("cpus-per-task=4 mem=2M time=00:02:00");
  expect(shown(demandOptions({ ...nothing, cpus: 0 }, null, []))).toBe("");
});

test.each([
  [MINUTE_MS, "00:01:00"],
  [150 * MINUTE_MS, "02:30:00"],
  [1440 * MINUTE_MS, "1-00:00:00"],
  [(3 * 1440 - 1) * MINUTE_MS + 1, "3-00:00:00"],
])("a time limit of %d ms is %s", (limit, text) => {
  expect(demandOptions(nothing, limit, [])).toEqual([["time", text]]);
});

test("workers are tasks on nodes of their own", () => {
  expect(shown(demandOptions({ ...nothing, workers: 3 }, null, []))).toBe("nodes=3 ntasks=3 ntasks-per-node=1");
});

describe("GPUs are asked for in the way in which the pool does", () => {
  test.each<[number, SbatchOption[], string]>([
    [2, [], "gres=gpu:2"],
    [2, [["gres", "gpu:p100:1"]], "gres=gpu:p100:2"],
    [2, [["gres", "gpu:1"]], "gres=gpu:2"],
    [2, [["gres", "gpu"]], "gres=gpu:2"],
    [2, [["gres", "gpu:p100"]], "gres=gpu:p100:2"],
    [2, [["gres", "lscratch:10G,gpu:p100:1,craynetwork"]], "gres=lscratch:10G,gpu:p100:2,craynetwork"],
    [3, [["gres", "gpu:a100:1,gpu:p100:1"]], "gres=gpu:a100:3"],
    [2, [["gres", "lscratch:10G"]], "gres=lscratch:10G,gpu:2"],
    [2, [["gpus", "1"]], "gpus=2"],
    [2, [["gpus-per-node", "a100:1"]], "gpus-per-node=a100:2"],
    [2, [["gpus-per-task", "1"]], "gpus-per-task=2"],
    [0, [], ""],
    [0, [["gres", "lscratch:10G"]], ""],
    [0, [["gres", "gpu:p100:1"]], "gres=none"],
    [0, [["gres", "gpu:1,lscratch:10G"]], "gres=lscratch:10G"],
    [0, [["gpus-per-node", "a100:1"]], "gpus-per-node=0"],
    [0, [["gpus", "2"]], "gpus=0"],
  ])("%d beside %j: %s", (n, resources, options) => {
    expect(gpus(n, resources)).toBe(options);
  });

  test("each worker has as many", () => {
    expect(gpus(2, [["gres", "gpu:p100:1"]], 3)).toBe("gres=gpu:p100:2");
    expect(gpus(2, [["gpus", "p100:1"]], 3)).toBe("gpus=p100:6");
  });
});

test("memory is not asked for in two ways, which Slurm refuses", () => {
  const asked = { ...nothing, memoryBytes: 1024 ** 3 };
  expect(objectionToDemand(asked, [["mem-per-cpu", "4G"]])).toBe(
    "--memory goes not with the pool's mem-per-cpu, as Slurm takes only one of the two. Say --sbatch mem-per-cpu=SIZE instead.",
  );
  expect(objectionToDemand(asked, [["mem", "4G"]])).toBeNull();
  expect(objectionToDemand(nothing, [["mem-per-gpu", "4G"]])).toBeNull();
});

test("a type of GPUs stands where the pool's type would", () => {
  const asked = { ...nothing, gpuKind: { types: ["a100"] } };
  expect(shown(demandOptions(asked, null, []))).toBe("gres=gpu:a100:1");
  expect(shown(demandOptions({ ...asked, gpus: 2 }, null, [["gres", "gpu:p100:1,shard:2"]]))).toBe(
    "gres=gpu:a100:2,shard:2",
  );
  expect(shown(demandOptions({ ...asked, gpus: 2 }, null, [["gpus-per-node", "p100:1"]]))).toBe("gpus-per-node=a100:2");
});

test.each([
  [{ memoryBytes: 2 ** 34 }, "Slurm does not know how much memory GPUs have"],
  [{ types: ["a100", "h100"] }, "Slurm takes one type of GPUs"],
  [{ types: ["rtx 3090"] }, 'Slurm has no GPUs of a type "rtx 3090"'],
])("what Slurm cannot choose GPUs by is refused: %j", (gpuKind, expected) => {
  expect(objectionToDemand({ ...nothing, gpuKind }, [])).toContain(expected);
});
