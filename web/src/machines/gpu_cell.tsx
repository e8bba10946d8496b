import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { gpuLine, shareText } from "./gpu_words.ts";
import { Sparkline } from "./sparkline.tsx";
import { stateLooks } from "./state_look.ts";
import type { WallUse } from "./use_wall.ts";
import { gpuStateOf, type MachineGpu } from "./wall.ts";

interface GpuCellProps {
  gpu: MachineGpu;
  machine: Machine;
  use: WallUse | null;
}

/** In a word or two. */
function whoHas({ heldBy, others }: MachineGpu): string {
  const [run] = heldBy;
  const [other] = others;
  return printable(run ?? other?.user ?? other?.name ?? "");
}

/** A GPU among hundreds: its state, how busy it is, and how busy it was. */
export function GpuCell({ gpu, machine, use }: GpuCellProps) {
  const state = gpuStateOf(gpu, machine);
  const { glyph, colour } = stateLooks[state];
  const line = gpuLine(gpu, state);
  const { usedBytes, memoryBytes } = gpu;
  const memory = usedBytes === null || memoryBytes === null ? 0 : Math.min(1, usedBytes / memoryBytes);
  return (
    <li className="@container min-w-0" title={line}>
      <span className="sr-only">{line}</span>
      <span aria-hidden="true" className="flex items-baseline justify-between text-xs">
        <span className={`font-mono ${colour}`}>{glyph}</span>
        <span className="ml-1 min-w-0 flex-1 truncate text-muted @max-[5.5rem]:hidden">{whoHas(gpu)}</span>
        <span>{shareText(gpu.utilization)}</span>
      </span>
      <Sparkline values={use?.of(machine.name, gpu.index)?.utilization ?? []} className="h-4" />
      <span aria-hidden="true" className="mt-0.5 block h-1 overflow-hidden rounded-full bg-sunken">
        <span className="block h-full rounded-full bg-edge" style={{ width: `${Math.round(100 * memory)}%` }} />
      </span>
    </li>
  );
}
