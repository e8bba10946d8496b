import type { Gpu } from "./machine.ts";
import { formatBytes } from "./quantity.ts";

/** Which GPUs will do, where not all of them. */
export interface GpuKind {
  /** How much memory each is to have, as GPUs are sold. Absent: any. One whose tool does not say has none. */
  memoryBytes?: number | undefined;
  /** Words of its name, one of which has to be in it, e.g. `a100`. Absent: any name. */
  types?: string[] | undefined;
}

/** Of the memory with which a GPU is sold the driver keeps up to 8 % for itself: 22.5 GiB of 24, 15 of 16. */
const SHOWN_SHARE = 0.92;

export function isOfKind(gpu: Pick<Gpu, "name" | "memoryBytes">, { memoryBytes, types }: GpuKind): boolean {
  if (memoryBytes !== undefined && (gpu.memoryBytes ?? 0) < SHOWN_SHARE * memoryBytes) return false;
  return types === undefined || types.some((type) => hasWords(gpu.name, type));
}

/** Whether the words stand in the name one after the other, however they are spelt: `rtx3090` in `NVIDIA GeForce RTX 3090`, but no `a10` in `NVIDIA A100`. */
function hasWords(name: string, type: string): boolean {
  const words = wordsOf(name);
  const wanted = wordsOf(type).join("");
  return words.some((_, from) => words.some((_, to) => to >= from && words.slice(from, to + 1).join("") === wanted));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether the text has a word in it. */
export function isGpuType(text: string): boolean {
  return text.length <= 100 && wordsOf(text).length > 0;
}

/** `2 a100 or h100 GPUs with 40 GB each`, `1 GPU`. */
export function describeGpus(count: number, kind: GpuKind | undefined): string {
  const { memoryBytes, types = [] } = kind ?? {};
  const type = types.length > 0 ? `${types.join(" or ")} ` : "";
  const memory = memoryBytes === undefined ? "" : ` with ${formatBytes(memoryBytes)}${count === 1 ? "" : " each"}`;
  return `${count} ${type}GPU${count === 1 ? "" : "s"}${memory}`;
}
