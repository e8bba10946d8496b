import { type Gpu, gpuNamed } from "./machine.ts";

const UNFOUND = "gpu-";

/** The name under which a GPU is reserved on its machine: the same for every yard. */
export function gpuKey({ index, uuid }: Pick<Gpu, "index" | "uuid">): string {
  return uuid ?? `${UNFOUND}${index}`;
}

/** The same for a device of a slot. What was not found here (a part of a split GPU) goes by what its user calls it. */
export function deviceKey(gpus: readonly Gpu[], device: string): string {
  const gpu = gpuNamed(gpus, device);
  return gpu ? gpuKey(gpu) : `${UNFOUND}${device}`;
}

/** The device that such a key stands for; null: a GPU that was found. */
export function deviceOf(key: string): string | null {
  return key.startsWith(UNFOUND) ? key.slice(UNFOUND.length) : null;
}
