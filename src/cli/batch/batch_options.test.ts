import { Command } from "commander";
import { expect, test } from "vitest";
import { addBatchOptions, batchOptionsOf } from "./batch_options.ts";

const MB = 1024 ** 2;

function read(...args: string[]) {
  const command = new Command("batch")
    .argument("<file>")
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  addBatchOptions(command);
  command.parse(args, { from: "user" });
  return batchOptionsOf(command);
}

test("without flags a line needs what it needed in ml-scheduler", () => {
  expect(read("batch.sh")).toEqual({
    need: {
      cpus: 1,
      memoryBytes: 7000 * MB,
      gpuMemoryBytes: 1000 * MB,
      gpuUtilization: 0.75,
      reserveGpu: true,
      gpuRequired: true,
      reserveMachine: false,
    },
    asked: {},
    ofMachines: [],
    copyForward: ["./"],
    copyBackwards: ["./"],
    verbose: false,
    dryRun: false,
  });
});

test("every flag of execute_batch is understood, as its users write it", () => {
  const options = read(
    ...["batch.sh", "--copy-forward", "src", "data/small", "--copy-backwards", "out"],
    ...["--num-cpus=8", "--memory-required=10000", "--gpu-memory-required", "3000", "--gpu-utilization=.5"],
    ...["--reserve", "--no-reserve-gpu", "--no-gpu-required", "--verbose", "--dry-run"],
  );
  expect(options).toEqual({
    need: {
      cpus: 8,
      memoryBytes: 10_000 * MB,
      gpuMemoryBytes: 3000 * MB,
      gpuUtilization: 0.5,
      reserveGpu: false,
      gpuRequired: false,
      reserveMachine: true,
    },
    asked: { gpus: 0, cpus: 8, memoryBytes: 10_000 * MB },
    ofMachines: ["--gpu-memory-required", "--gpu-utilization", "--reserve", "--no-reserve-gpu"],
    copyForward: ["src", "data/small"],
    copyBackwards: ["out"],
    verbose: true,
    dryRun: true,
  });
});

test.each([
  ["--num-cpus", "0.5", 0.5],
  ["--num-cpus", "0", 0],
])("%s %s is taken as it stands", (flag, text, cpus) => {
  expect(read("batch.sh", flag, text).need.cpus).toBe(cpus);
});

test.each([
  ["--num-cpus", "-1", "It takes a number of cores from 0 to 100000, e.g. 8 or 0.5."],
  ["--num-cpus", "many", "It takes a number of cores"],
  ["--num-cpus", "1e9", "It takes a number of cores"],
  ["--num-cpus", "", "It takes a number of cores"],
  ["--memory-required", "-7000", "It takes megabytes, a whole number from 0 to 8388608, e.g. 7000."],
  ["--memory-required", "7G", "It takes megabytes"],
  ["--memory-required", "NaN", "It takes megabytes"],
  ["--gpu-memory-required", "9000000", "It takes megabytes"],
  ["--gpu-utilization", "-0.1", "It takes a share from 0 to 1.6, e.g. 0.75."],
  ["--gpu-utilization", "75%", "It takes a share from 0 to 1.6, e.g. 0.75."],
  ["--gpu-utilization", "75", "A line that needs more would never start, on whatever GPU."],
  ["--gpu-utilization", "1.61", "A line that needs more would never start"],
])("%s %j is refused: %s", (flag, text, why) => {
  expect(() => read("batch.sh", flag, text)).toThrow(why);
});
