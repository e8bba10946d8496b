import { type Demand, workersOf } from "./demand.ts";
import type { SbatchOption } from "./slurm.ts";

type Asked = Pick<Demand, "gpus" | "gpuKind" | "cpus" | "memoryBytes" | "workers">;

/** Options that ask for GPUs in a way of their own, each as `[TYPE:]N`. Beside them `gres` may ask for no others. */
const gpuOptions = ["gpus", "gpus-per-node", "gpus-per-task"];

/**
 * What a run asks for, as options of sbatch that count over `resources`; what was not said adds nothing.
 * GPUs are asked for in the way in which `resources` does, so that the type stays and the two do not contradict each other.
 *
 * @param timeLimitMs  null: none was said. Slurm counts minutes: rounded up
 */
export function demandOptions(
  demand: Asked,
  timeLimitMs: number | null,
  resources: readonly SbatchOption[],
): SbatchOption[] {
  const { gpuKind, cpus, memoryBytes } = demand;
  const gpus = demand.gpus ?? (gpuKind ? 1 : null);
  const workers = workersOf(demand);
  const options: SbatchOption[] = [];
  if (workers > 1) options.push(["nodes", `${workers}`], ["ntasks", `${workers}`], ["ntasks-per-node", "1"]);
  // Slurm has no task without a core.
  if (cpus !== null && cpus > 0) options.push(["cpus-per-task", `${cpus}`]);
  if (memoryBytes !== null) options.push(["mem", `${Math.ceil(memoryBytes / 1024 ** 2)}M`]);
  if (gpus !== null) options.push(...gpuDemand(gpus, gpuKind?.types?.[0] ?? null, workers, resources));
  if (timeLimitMs !== null) options.push(["time", slurmTime(timeLimitMs)]);
  return options;
}

/** Why a demand cannot be put beside these resources, worded for people; null: it can. */
export function objectionToDemand({ memoryBytes, gpuKind }: Asked, resources: readonly SbatchOption[]): string | null {
  if (gpuKind?.memoryBytes !== undefined)
    return "Slurm does not know how much memory GPUs have. Say --gpu-type, or --sbatch constraint=FEATURE, instead of --gpu-memory.";
  const [type, ...others] = gpuKind?.types ?? [];
  if (others.length > 0) return "Slurm takes one type of GPUs. Say one --gpu-type, or --sbatch constraint='a|b'.";
  if (type !== undefined && !/^[\w.-]+$/.test(type))
    return `Slurm has no GPUs of a type ${JSON.stringify(type)}: it is one word, as sinfo -o %G shows it.`;
  const [per] = resources.find(([name]) => name === "mem-per-cpu" || name === "mem-per-gpu") ?? [];
  if (memoryBytes === null || per === undefined) return null;
  return `--memory goes not with the pool's ${per}, as Slurm takes only one of the two. Say --sbatch ${per}=SIZE instead.`;
}

/** @param type  null: the one that `resources` name, else any */
function gpuDemand(
  gpus: number,
  type: string | null,
  workers: number,
  resources: readonly SbatchOption[],
): SbatchOption[] {
  const asking = resources.flatMap(([name, value]): SbatchOption[] => {
    if (value === null) return [];
    // `--gpus` counts those of all workers together.
    if (gpuOptions.includes(name)) return [[name, withCount(value, type, name === "gpus" ? gpus * workers : gpus)]];
    return name === "gres" && value.split(",").some(isGpu) ? [[name, gresWithCount(value, type, gpus)]] : [];
  });
  if (asking.length > 0 || gpus === 0) return asking;
  const others = resources.find(([name]) => name === "gres")?.[1];
  return [["gres", [...(others ? [others] : []), ["gpu", ...(type === null ? [] : [type]), gpus].join(":")].join(",")]];
}

/** `2`, `a100:2` or `a100:1,p100:1`, which become so many of the first type. */
function withCount(value: string, type: string | null, gpus: number): string {
  const [first = ""] = value.split(",");
  const its = type === null ? first.split(":").slice(0, -1) : [type];
  return gpus === 0 ? "0" : [...its, gpus].join(":");
}

/** A list of generic resources, `NAME[[:TYPE]:COUNT]` each, with so many GPUs of the first type in it; the others stay. */
function gresWithCount(value: string, type: string | null, gpus: number): string {
  const entries = value.split(",");
  const first = entries.findIndex(isGpu);
  const kept = entries.flatMap((entry, i) => {
    if (!isGpu(entry)) return [entry];
    return i === first && gpus > 0 ? [type === null ? gresEntry(entry, gpus) : ["gpu", type, gpus].join(":")] : [];
  });
  return kept.length > 0 ? kept.join(",") : "none";
}

function gresEntry(entry: string, gpus: number): string {
  const parts = entry.split(":");
  const last = parts.at(-1) ?? "";
  const named = parts.length > 1 && /^\d+[kmgtp]?$/i.test(last) ? parts.slice(0, -1) : parts;
  return [...named, gpus].join(":");
}

function isGpu(entry: string): boolean {
  return /^gpu(:|$)/.test(entry);
}

/** `[D-]HH:MM:SS`. */
function slurmTime(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  const days = Math.floor(minutes / 1440);
  const two = (n: number) => String(n).padStart(2, "0");
  const clock = `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}:00`;
  return days > 0 ? `${days}-${clock}` : clock;
}
