import type { MachineLimits } from "./capacity.ts";
import type { FreeMachine } from "./free_machine.ts";
import { describeHours, type Hours, isWithin } from "./hours.ts";
import type { UnixMs } from "./run.ts";

/**
 * How attempts get to a machine: an agent fetches them, the yard brings them over ssh, or it hands them to Slurm: then the
 * machine is a whole cluster, which has a queue of its own.
 */
export const machineDrivers = ["agent", "ssh", "slurm"] as const;
export type MachineDriver = (typeof machineDrivers)[number];

export const machineStatuses = ["off", "starting", "idle", "working", "stopping", "unreachable"] as const;

/** A process that is not of this yard and holds memory of a GPU. */
export interface ForeignProcess {
  pid: number;
  /** Null where the owner cannot be seen. */
  user: string | null;
  name: string;
  usedBytes: number | null;
}

export interface Gpu {
  /** As CUDA_VISIBLE_DEVICES counts it under PCI order. */
  index: string;
  uuid: string | null;
  name: string;
  /** Null where the tool does not say. */
  memoryBytes: number | null;
  usedBytes: number | null;
  /** 0 to 1. */
  utilization: number | null;
  /** Why it cannot be used, e.g. `nvidia-smi reports [Unknown Error]`; null where it can. */
  problem: string | null;
  others: ForeignProcess[];
  /** Since when it has been idle at every look, by the yard's clock; null or absent: it is in use, or that is not known. */
  idleSince?: UnixMs | null;
}

/** What a machine has, as it was last seen. */
export interface Hardware {
  cpus: number;
  memoryBytes: number;
  gpus: Gpu[];
  /** What stood in the way of looking, worded for people. */
  problems: string[];
  /** Why there may be GPUs that were not seen now, worded for people; null: all are in `gpus`. */
  unseen: string | null;
  /** Devices that another yard of this account holds and no GPU of `gpus` stands for. */
  reserved: { device: string; by: ForeignProcess }[];
  /** Why it can start nothing now, e.g. a full disk; null: it can. */
  blocked: string | null;
  /** How many runs a cluster is given at once. Absent: it is one machine. */
  most?: number;
  /** What would be free if this yard's runs were not there. Absent: it was not measured. */
  free?: FreeMachine;
}

/** Healthy GPUs of one kind that nobody uses, with indices from 0, and nothing wrong: as machines of models have it. */
export function plainHardware(
  gpus: number,
  { cpus = 0, memoryBytes = 0, gpu = {} }: { cpus?: number; memoryBytes?: number; gpu?: Partial<Gpu> } = {},
): Hardware {
  const each: Omit<Gpu, "index"> = {
    uuid: null,
    name: "",
    memoryBytes: null,
    usedBytes: null,
    utilization: null,
    problem: null,
    others: [],
  };
  return {
    ...UNKNOWN_HARDWARE,
    cpus,
    memoryBytes,
    gpus: Array.from({ length: gpus }, (_, index) => ({ ...each, index: String(index), ...gpu })),
  };
}

/** What is known of a machine whose agent was never heard. */
export const UNKNOWN_HARDWARE: Hardware = {
  cpus: 0,
  memoryBytes: 0,
  gpus: [],
  problems: [],
  unseen: null,
  reserved: [],
  blocked: null,
};

/** What a tool that fails does not show is still there: who waits for a GPU must not be run on a core instead. */
export function withUnseen(hardware: Hardware, before: readonly Gpu[]): Hardware {
  const { gpus, unseen } = hardware;
  if (unseen === null) return hardware;
  const missing = before.filter(({ index, uuid }) =>
    gpus.every((gpu) => gpu.index !== index && (uuid === null || gpu.uuid !== uuid)),
  );
  const kept = missing.map((gpu) => ({ ...gpu, usedBytes: null, utilization: null, problem: unseen, others: [] }));
  return { ...hardware, gpus: [...gpus, ...kept].sort((a, b) => Number(a.index) - Number(b.index)) };
}

/** A machine as the scheduler sees it. */
export interface Machine {
  id: number;
  name: string;
  pool: string;
  hardware: Hardware;
  /** Explicit slots, one CUDA_VISIBLE_DEVICES each; they replace counting. Null: GPUs and cores are counted. */
  slots: string[] | null;
  /** What its owner allows of it. Absent: everything, always. */
  allows?: MachineLimits & { hours: Hours | null };
  /** A drained machine ends what it runs and starts nothing. */
  drained: boolean;
  /** When its agent was last heard; null: never. */
  seenAt: UnixMs | null;
  unreachableSince: UnixMs | null;
  /** Why its agent cannot speak, worded for people; null: nothing is known to be wrong. */
  trouble: string | null;
  /** It takes whatever it is given, and starts it when it can: a cluster. Absent: no. */
  hasQueue?: boolean;
}

/** A machine as whoever executes there keeps its account: what it is called and who may use it does not matter. */
export function itself(slots: string[] | null, hardware: Hardware): Machine {
  const known = { drained: false, seenAt: 0, unreachableSince: null, trouble: null };
  return { id: 0, name: "", pool: "", hardware, slots, ...known };
}

/** Whether a machine may be called so: one word, that no shell, list or file system takes apart. */
export function isMachineName(text: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N}._-]{0,63}$/u.test(text);
}

/**
 * Why the machine takes no runs now, worded for people; null: it does.
 *
 * @param minuteOfDay  local time, from midnight
 */
export function whyClosed(machine: WhetherClosed, minuteOfDay: number): string | null {
  const { name, drained, seenAt, unreachableSince, trouble, hardware, allows } = machine;
  if (trouble !== null) return `${name}: ${trouble}`;
  const blocked = hardware.blocked === null ? null : `${name}: ${hardware.blocked}`;
  if (seenAt === null) return blocked ?? `${name} has not been heard yet`;
  if (unreachableSince !== null) return blocked ?? `${name} cannot be reached`;
  if (drained) return `${name} is drained; go on with: runyard machines set ${name} --resume`;
  if (blocked !== null) return blocked;
  if (!allows?.hours || isWithin(allows.hours, minuteOfDay)) return null;
  return `${name} starts runs only ${describeHours(allows.hours)}`;
}

type WhetherClosed = Pick<
  Machine,
  "name" | "drained" | "seenAt" | "unreachableSince" | "trouble" | "hardware" | "allows"
>;

/** The GPU indices in one CUDA_VISIBLE_DEVICES: `0,1` → [`0`, `1`], empty → none. */
export function devicesOf(visible: string): string[] {
  return visible
    .split(",")
    .map((device) => device.trim())
    .filter((device) => device !== "");
}

/** Whether a GPU may be given to a run: healthy, and not in use by someone outside this yard. */
export function isUsable(gpu: Pick<Gpu, "problem" | "others">): boolean {
  return gpu.problem === null && gpu.others.length === 0;
}

/** The GPU that a device of CUDA_VISIBLE_DEVICES names: by its index, or by its UUID or the beginning of it. */
export function gpuNamed<Named extends Pick<Gpu, "index" | "uuid">>(
  gpus: readonly Named[],
  device: string,
): Named | undefined {
  const named = gpus.find((gpu) => gpu.index === device);
  return named ?? gpus.find((gpu) => device.startsWith("GPU-") && gpu.uuid?.startsWith(device));
}

/** What devices of a slot are: indices of the GPUs they name; what was not found here stays as it is written. */
export function gpusNamed(gpus: readonly Pick<Gpu, "index" | "uuid">[], devices: string): string[] {
  return devicesOf(devices).map((device) => gpuNamed(gpus, device)?.index ?? device);
}

/** Whether a device that stands in a slot may be given to a run. One that was not found here is its user's word. */
export function isDeviceUsable({ gpus, reserved }: Hardware, device: string): boolean {
  const gpu = gpuNamed(gpus, device);
  return gpu ? isUsable(gpu) : reserved.every((one) => one.device !== device);
}
