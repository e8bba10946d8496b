import { type Command, InvalidArgumentError, Option } from "commander";
import { MOST_UTILIZATION } from "../../core/capacity.ts";
import type { Need } from "../../core/free_machine.ts";
import type { JobOptions } from "../../core/job_options.ts";

/** What `batch` was asked for, in ml-scheduler's words. */
export interface BatchOptions {
  /** What one line needs. */
  need: Need;
  /** The same where another scheduler places it: only what was said. */
  asked: Partial<Pick<JobOptions, "gpus" | "cpus" | "memoryBytes">>;
  /** Flags that were given and speak of what machines have free. */
  ofMachines: string[];
  /** Paths that go to the machine, and paths of which results come back; `./` is everything. */
  copyForward: string[];
  copyBackwards: string[];
  verbose: boolean;
  dryRun: boolean;
}

const MB = 1024 ** 2;
/** 8 TB. */
const MOST_MEGABYTES = 8 * 1024 ** 2;

/** Gives a command the flags of `execute_batch`, with its defaults. */
export function addBatchOptions(command: Command): void {
  const options = [
    new Option("--copy-forward <PATHS...>", "what goes to the machine").default(["./"], "./"),
    new Option("--copy-backwards <PATHS...>", "what comes back as results, where it was made or changed").default(
      ["./"],
      "./",
    ),
    new Option("--num-cpus <N>", "cores that a line needs, also 0.5").default(1).argParser(cores),
    new Option("--memory-required <MB>", "memory that a line needs, in megabytes").default(7000).argParser(megabytes),
    new Option("--gpu-memory-required <MB>", "memory of its GPU, in megabytes").default(1000).argParser(megabytes),
    new Option("--gpu-utilization <SHARE>", `share of its GPU; those on one GPU sum up to ${MOST_UTILIZATION} at most`)
      .default(0.75)
      .argParser(utilization),
    new Option("--reserve", "one line has a machine for itself"),
    new Option("--no-reserve-gpu", "several lines may share a GPU"),
    new Option("--no-gpu-required", "a line needs no GPU"),
    new Option("--verbose", "say more of what is done"),
    new Option("--dry-run", "print the plan, what fits on which machine and which line would start where"),
  ];
  for (const option of options) command.addOption(option);
}

/** What was given, the defaults for the rest. */
export function batchOptionsOf(command: Command): BatchOptions {
  const given = command.opts<Given>();
  const isGiven = (name: keyof Given) => command.getOptionValueSource(name) === "cli";
  return {
    asked: {
      ...(!given.gpuRequired && { gpus: 0 }),
      ...(isGiven("numCpus") && { cpus: Math.ceil(given.numCpus) }),
      ...(isGiven("memoryRequired") && given.memoryRequired > 0 && { memoryBytes: given.memoryRequired * MB }),
    },
    ofMachines: machineFlags.filter(([name]) => isGiven(name)).map(([, flag]) => flag),
    need: {
      cpus: given.numCpus,
      memoryBytes: given.memoryRequired * MB,
      gpuMemoryBytes: given.gpuMemoryRequired * MB,
      gpuUtilization: given.gpuUtilization,
      reserveGpu: given.reserveGpu,
      gpuRequired: given.gpuRequired,
      reserveMachine: given.reserve ?? false,
    },
    copyForward: given.copyForward,
    copyBackwards: given.copyBackwards,
    verbose: given.verbose ?? false,
    dryRun: given.dryRun ?? false,
  };
}

const machineFlags: [keyof Given, flag: string][] = [
  ["gpuMemoryRequired", "--gpu-memory-required"],
  ["gpuUtilization", "--gpu-utilization"],
  ["reserve", "--reserve"],
  ["reserveGpu", "--no-reserve-gpu"],
];

/** As the parser leaves them. */
interface Given {
  copyForward: string[];
  copyBackwards: string[];
  numCpus: number;
  memoryRequired: number;
  gpuMemoryRequired: number;
  gpuUtilization: number;
  reserve?: boolean;
  reserveGpu: boolean;
  gpuRequired: boolean;
  verbose?: boolean;
  dryRun?: boolean;
}

function cores(text: string): number {
  const value = decimal(text);
  if (value <= 100_000) return value;
  throw new InvalidArgumentError("It takes a number of cores from 0 to 100000, e.g. 8 or 0.5.");
}

function megabytes(text: string): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MOST_MEGABYTES) return value;
  throw new InvalidArgumentError(`It takes megabytes, a whole number from 0 to ${MOST_MEGABYTES}, e.g. 7000.`);
}

function utilization(text: string): number {
  const value = decimal(text);
  if (value <= MOST_UTILIZATION) return value;
  const why = `It takes a share from 0 to ${MOST_UTILIZATION}, e.g. 0.75.`;
  throw new InvalidArgumentError(
    value > MOST_UTILIZATION ? `${why} A line that needs more would never start, on whatever GPU.` : why,
  );
}

/** `8`, `0.5`, `.5`; NaN for everything else. */
function decimal(text: string): number {
  return /^(\d{1,12}(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
}
