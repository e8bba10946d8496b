import type { Demand } from "./demand.ts";
import type { GpuKind } from "./gpu_kind.ts";
import type { JobOptions } from "./job_options.ts";
import { type Misread, misread } from "./option_values.ts";

/** What a run of these options needs, or why they do not go together. */
export function demandOf(options: Partial<JobOptions>): Demand | Misread {
  const { gpus, cpus, memoryBytes, workers = 1, mostWorkers = workers, resumable = false } = options;
  const gpuKind = gpuKindOf(options);
  if (mostWorkers > workers && !resumable) {
    return misread(
      `--workers ${workers}-${mostWorkers}: to go on with another number of workers a run is stopped and started again. Add --resumable, where it goes on from its checkpoint.`,
    );
  }
  if (gpuKind && gpus === 0) return misread("--gpus 0 asks for no GPU, and --gpu-type or --gpu-memory for one.");
  const each = {
    gpus: gpus ?? null,
    ...(gpuKind && { gpuKind }),
    cpus: cpus ?? null,
    memoryBytes: memoryBytes ?? null,
  };
  return {
    ...each,
    ...(mostWorkers > 1 && { workers }),
    ...(mostWorkers > workers && { mostWorkers }),
  };
}

function gpuKindOf({ gpuMemoryBytes, gpuType }: Partial<JobOptions>): GpuKind | null {
  if (gpuMemoryBytes === undefined && gpuType === undefined) return null;
  return {
    ...(gpuMemoryBytes !== undefined && { memoryBytes: gpuMemoryBytes }),
    ...(gpuType !== undefined && { types: gpuType.split(",").map((type) => type.trim()) }),
  };
}
