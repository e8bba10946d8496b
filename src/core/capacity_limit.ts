/** Why a machine has no room for one more run of a batch (`capacity.ts`). The dry run, refusals and `explain` word the same value. */
export type CapacityLimit =
  /** A run of this yard has the whole machine. */
  | { code: "machine_reserved" }
  /** The whole machine is asked for, and this yard's runs are on it. */
  | { code: "machine_shared"; runs: number }
  /** `isSet`: by the machine's user, else by its number of cores. */
  | { code: "most_runs"; most: number; isSet: boolean }
  /** `left`: with the overload that is tolerated. */
  | { code: "cores"; asked: number; left: number; overload: number }
  | { code: "memory"; askedBytes: number; freeBytes: number }
  /** `allowed`: the only ones that its user allows; null: all. */
  | { code: "no_gpu"; there: readonly string[]; allowed: readonly string[] | null }
  /** Each GPU that may be used has its own. */
  | { code: "gpus"; obstacles: GpuObstacle[] };

export type GpuObstacle =
  | { code: "unusable"; gpu: string; problem: string }
  /** A run has it for itself, or one that wants it for itself would have to share it. */
  | { code: "held"; gpu: string }
  | { code: "memory"; gpu: string; askedBytes: number; freeBytes: number }
  /** The tool does not say what is free, and a run of this yard is on it. */
  | { code: "memory_unknown"; gpu: string }
  | { code: "utilization"; gpu: string; asked: number; inUse: number; most: number };

/** Everything that stands in the way, on one line. */
export function describeLimits(limits: readonly CapacityLimit[]): string {
  return limits.map(describeLimit).join("; ");
}

function describeLimit(limit: CapacityLimit): string {
  switch (limit.code) {
    case "machine_reserved":
      return "a run has the whole machine reserved";
    case "machine_shared":
      return `the whole machine is asked for, and ${limit.runs === 1 ? "1 run is" : `${limit.runs} runs are`} on it`;
    case "most_runs":
      return limit.isSet
        ? `runs: no more than the ${limit.most} that are set for this machine`
        : `runs: no more than ${limit.most}, 4 for each core, however little they ask for`;
    case "cores":
      return `cores: ${limit.asked} asked, ${coresFree(limit.left)} free (with the ${limit.overload} by which it may be overloaded)`;
    case "memory":
      return `memory: ${megabytesAsked(limit.askedBytes)} asked, ${megabytesFree(limit.freeBytes)} free`;
    case "no_gpu":
      return describeMissing(limit.there, limit.allowed);
    case "gpus":
      return describeObstacles(limit.obstacles);
  }
}

function describeMissing(there: readonly string[], allowed: readonly string[] | null): string {
  if (there.length === 0) return "GPU: 1 asked, the machine has none";
  const only = allowed && allowed.length > 0 ? `only ${gpusText(allowed)} may be used` : "none may be used";
  return `GPU: 1 asked, ${only}, and the machine has ${gpusText(there)}`;
}

/** `GPU memory: 1000 MB asked, 900 MB free on GPU 0, 12 MB on GPU 1; GPU 2 is held by a run`. */
function describeObstacles(obstacles: readonly GpuObstacle[]): string {
  const parts: string[] = [];
  const memory = obstacles.filter((one) => one.code === "memory");
  if (memory[0]) {
    const free = memory.map(
      ({ gpu, freeBytes }, i) => `${megabytesFree(freeBytes)}${i === 0 ? " free" : ""} on GPU ${gpu}`,
    );
    parts.push(`GPU memory: ${megabytesAsked(memory[0].askedBytes)} asked, ${free.join(", ")}`);
  }
  const busy = obstacles.filter((one) => one.code === "utilization");
  if (busy[0]) {
    const { asked, most } = busy[0];
    const inUse = busy.map(
      ({ gpu, inUse }, i) => `${utilizationInUse(inUse)}${i === 0 ? ` of ${most} in use` : ""} on GPU ${gpu}`,
    );
    parts.push(`GPU utilisation: ${asked} asked, ${inUse.join(", ")}`);
  }
  const held = obstacles.filter((one) => one.code === "held").map(({ gpu }) => gpu);
  if (held.length > 0) parts.push(`${gpusText(held)} ${held.length === 1 ? "is held by a run" : "are held by runs"}`);
  for (const one of obstacles) {
    if (one.code === "unusable") parts.push(`GPU ${one.gpu} cannot be used: ${one.problem}`);
    if (one.code === "memory_unknown") {
      parts.push(`GPU ${one.gpu} does not say how much memory is free, so it takes one run at a time`);
    }
  }
  return parts.join("; ");
}

function gpusText(gpus: readonly string[]): string {
  return `GPU${gpus.length === 1 ? "" : "s"} ${gpus.join(", ")}`;
}

const MB = 1024 ** 2;

// What is asked for and what is free are rounded away from each other, so that what does not fit never reads as if it did.
function megabytesAsked(bytes: number): string {
  return `${Math.ceil(bytes / MB)} MB`;
}

function megabytesFree(bytes: number): string {
  return `${Math.max(0, Math.floor(bytes / MB))} MB`;
}

function coresFree(cores: number): number {
  return Math.max(0, Math.floor(cores * 10) / 10);
}

function utilizationInUse(share: number): number {
  return Math.ceil(Number((share * 100).toFixed(6))) / 100;
}
