import type { MachineUse } from "../../../src/api/use.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatBytes } from "../../../src/core/quantity.ts";
import { stateLooks } from "./state_look.ts";
import type { GpuState, MachineGpu } from "./wall.ts";

type Process = MachineGpu["others"][number];

/** `93 %`; a question mark where the tool does not say. */
export function shareText(share: number | null): string {
  return share === null ? "?" : `${Math.round(100 * share)} %`;
}

/** `71 / 80 GB`, in the unit of the second. */
export function memoryText({ usedBytes, memoryBytes }: Pick<MachineGpu, "usedBytes" | "memoryBytes">): string {
  if (memoryBytes === null) return usedBytes === null ? "?" : formatBytes(usedBytes);
  if (usedBytes === null) return `? / ${formatBytes(memoryBytes)}`;
  const [used, whole] = [formatBytes(usedBytes), formatBytes(memoryBytes)];
  const unit = whole.split(" ")[1] ?? "";
  return used.endsWith(` ${unit}`) ? `${used.slice(0, -unit.length - 1)} / ${whole}` : `${used} / ${whole}`;
}

/** `python3, pid 4242 of u217, 18 GB`. */
export function processText({ name, pid, user, usedBytes }: Process): string {
  const memory = usedBytes === null ? "" : `, ${formatBytes(usedBytes)}`;
  return printable(`${name}, pid ${pid}${user === null ? "" : ` of ${user}`}${memory}`);
}

/** `6 h: mean 54 %, peak 99 %, 71 GB`; null where nobody has looked. */
export function pastText(use: MachineUse["gpus"][number] | null, hours: number): string | null {
  const seen = (use?.utilization ?? []).filter((share) => share !== null);
  const peaks = (use?.peak ?? []).filter((share) => share !== null);
  if (seen.length === 0) return null;
  const mean = seen.reduce((sum, share) => sum + share, 0) / seen.length;
  const used = (use?.usedBytes ?? []).filter((bytes) => bytes !== null);
  const memory = used.length === 0 ? "" : `, ${formatBytes(Math.max(...used))}`;
  return `${hours} h: mean ${shareText(mean)}, peak ${shareText(Math.max(...peaks))}${memory}`;
}

/** All of it in one line, for those who do not see the tile. */
export function gpuLine(gpu: MachineGpu, state: GpuState): string {
  const who = gpu.heldBy.length > 0 ? ` by ${gpu.heldBy.join(", ")}` : "";
  const why = gpu.problem === null ? "" : `: ${gpu.problem}`;
  const others = gpu.others.length === 0 ? "" : `; ${gpu.others.map(processText).join("; ")}`;
  return printable(
    `GPU ${gpu.index}, ${stateLooks[state].word}${who}${why}${others}; use ${shareText(gpu.utilization)}, memory ${memoryText(gpu)}`,
  );
}
