import type { Machine } from "../api/machine.ts";
import type { MachineUse } from "../api/use.ts";
import { printable } from "../core/printable.ts";
import { formatBytes, formatDuration } from "../core/quantity.ts";
import { sparkline } from "../core/sparkline.ts";
import { colours, print } from "./terminal.ts";

/** How the GPUs of a machine were used, a line each: utilization, then memory, the latest at the right. */
export function printGpuUse({ name, gpus }: MachineUse, machine: Machine | undefined): void {
  if (gpus.length === 0) return;
  print(colours.bold(printable(name)));
  const width = Math.max(...gpus.map(({ index }) => index.length));
  for (const { index, utilization, peak, usedBytes, idleSeconds } of gpus) {
    const total = machine?.gpus.find((gpu) => gpu.index === index)?.memoryBytes ?? null;
    const most = highest(usedBytes);
    const size = total ?? most ?? 1;
    const used = usedBytes.map((bytes) => (bytes === null ? null : bytes / size));
    const share = percent(lastOf(utilization));
    const memory = `${most === null ? "?" : formatBytes(most)}${total === null ? "" : ` / ${formatBytes(total)}`}`;
    const idle = idleSeconds === 0 ? "" : colours.yellow(`  held but idle for ${formatDuration(1000 * idleSeconds)}`);
    print(
      `  ${printable(index).padStart(width)}  ${sparkline(utilization)} ${share}, at most ${percent(highest(peak))}  ${sparkline(used)} ${memory}${idle}`,
    );
  }
}

function percent(share: number | null): string {
  return share === null ? "   ?" : `${Math.round(100 * share)} %`.padStart(5);
}

function lastOf(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

function highest(values: readonly (number | null)[]): number | null {
  return values.reduce((most, value) => (value === null ? most : Math.max(most ?? value, value)), null);
}
