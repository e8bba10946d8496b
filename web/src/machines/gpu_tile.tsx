import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { memoryText, pastText, processText, shareText } from "./gpu_words.ts";
import { Meter } from "./meter.tsx";
import { RunLink } from "./run_link.tsx";
import { Sparkline } from "./sparkline.tsx";
import { stateLooks } from "./state_look.ts";
import type { WallUse } from "./use_wall.ts";
import { gpuStateOf, type MachineGpu } from "./wall.ts";

interface GpuTileProps {
  gpu: MachineGpu;
  machine: Machine;
  use: WallUse | null;
}

/** A GPU: how it stands, what of it is in use now and was lately, and who has it. */
export function GpuTile({ gpu, machine, use }: GpuTileProps) {
  const state = gpuStateOf(gpu, machine);
  const { glyph, word, colour } = stateLooks[state];
  const lately = use?.of(machine.name, gpu.index) ?? null;
  const past = use && pastText(lately, use.hours);
  const { usedBytes, memoryBytes } = gpu;
  return (
    <li className="flex max-w-2xl min-w-0 flex-col gap-1.5 rounded-md border border-line bg-canvas p-2.5">
      <div className="flex items-baseline gap-2">
        <span className="font-semibold">GPU {printable(gpu.index)}</span>
        <span className={`ml-auto flex items-baseline gap-1 text-sm font-medium whitespace-nowrap ${colour}`}>
          <span aria-hidden="true" className="font-mono">
            {glyph}
          </span>
          <span>{word}</span>
        </span>
      </div>
      <p className="truncate text-xs text-muted" title={printable(gpu.name)}>
        {printable(gpu.name)}
      </p>
      <Meter label="Use" share={gpu.utilization} text={shareText(gpu.utilization)} />
      <Sparkline values={lately?.utilization ?? []} peaks={lately?.peak ?? []} />
      <Meter
        label="Memory"
        share={usedBytes === null || memoryBytes === null ? null : usedBytes / memoryBytes}
        text={memoryText(gpu)}
        fill="bg-edge"
      />
      <Sparkline values={memoryShares(lately, memoryBytes)} fill="fill-edge" className="h-3" />
      <p className="text-xs text-muted">{past ?? (use ? "Nothing is known of the last hours." : " ")}</p>
      <Holders gpu={gpu} machine={machine} />
    </li>
  );
}

function memoryShares(lately: ReturnType<WallUse["of"]>, memoryBytes: number | null): (number | null)[] {
  if (lately === null || memoryBytes === null) return [];
  return lately.usedBytes.map((bytes) => (bytes === null ? null : bytes / memoryBytes));
}

/** Who has it, or why nobody can. */
function Holders({ gpu, machine }: { gpu: MachineGpu; machine: Machine }) {
  if (gpu.heldBy.length + gpu.others.length === 0 && gpu.problem === null) return null;
  return (
    <ul className="flex flex-col gap-0.5 text-xs">
      {gpu.heldBy.map((run) => {
        const holder = machine.holders.find((one) => one.run === run);
        return (
          <li key={run} className="truncate">
            <RunLink run={run} />{" "}
            {holder && (
              <span className="text-muted" title={printable(`${holder.name}, ${holder.user}`)}>
                {printable(holder.name)}, {printable(holder.user)}
              </span>
            )}
          </li>
        );
      })}
      {gpu.problem !== null && <li className="text-failed [overflow-wrap:anywhere]">{printable(gpu.problem)}</li>}
      {gpu.others.map((other) => (
        <li key={other.pid} className="[overflow-wrap:anywhere] text-muted">
          {processText(other)}
        </li>
      ))}
    </ul>
  );
}
