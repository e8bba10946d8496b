import { ChevronDown, ChevronRight } from "lucide-react";
import { memo } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { GpuCell } from "./gpu_cell.tsx";
import { MachineActions } from "./machine_actions.tsx";
import { MachineBody } from "./machine_card.tsx";
import { MachineState } from "./machine_state.tsx";
import { roomText, sizeText, wasteText } from "./machine_words.ts";
import type { WallUse } from "./use_wall.ts";

interface MachineRowProps {
  machine: Machine;
  use: WallUse | null;
  isOpen: boolean;
  onToggle(machine: string): void;
}

/** A machine among many: one line, and everything once it is opened. It is drawn anew only where something of it has changed. */
export const MachineRow = memo(function MachineRow({ machine, use, isOpen, onToggle }: MachineRowProps) {
  const name = printable(machine.name);
  const wasted = wasteText(machine);
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <article aria-label={name} className="min-w-0 border-b border-line bg-surface">
      <div className="flex items-center gap-x-3 gap-y-1 px-2 py-1.5 max-lg:flex-wrap">
        <h3 className="flex w-64 shrink-0 items-center gap-2 max-lg:w-full">
          <button
            type="button"
            aria-expanded={isOpen}
            className="flex min-w-0 items-center gap-1.5 rounded-sm font-semibold hover:underline"
            onClick={() => onToggle(machine.name)}
          >
            <Chevron aria-hidden="true" className="size-4 shrink-0 text-muted" />
            <span className="truncate">{name}</span>
          </button>
          <MachineState machine={machine} />
        </h3>
        <ul
          aria-label={`GPUs of ${name}`}
          className="grid min-w-0 flex-1 grid-cols-[repeat(auto-fill,minmax(4.5rem,1fr))] gap-x-2 gap-y-1 max-lg:w-full max-lg:flex-none lg:grid-cols-[repeat(auto-fill,minmax(min(6.5rem,calc(12.5%-0.5rem)),1fr))]"
        >
          {machine.gpus.map((gpu) => (
            <GpuCell key={gpu.index} gpu={gpu} machine={machine} use={use} />
          ))}
          {machine.gpus.length === 0 && <li className="col-span-full text-sm text-muted">{sizeText(machine)}</li>}
        </ul>
        <p className="flex w-40 shrink-0 flex-col text-right text-xs text-muted max-lg:w-auto max-lg:text-left">
          <span>{roomText(machine)}</span>
          {wasted !== "" && (
            <span className="text-waiting">
              <span aria-hidden="true" className="font-mono">
                ◌
              </span>{" "}
              {wasted}
            </span>
          )}
        </p>
      </div>
      {isOpen && (
        <div className="flex flex-col gap-3 border-t border-line px-3 py-3">
          <div className="flex flex-wrap items-center gap-3 text-sm text-muted">
            {sizeText(machine)}
            <MachineActions machine={machine} />
          </div>
          <MachineBody machine={machine} use={use} />
        </div>
      )}
    </article>
  );
});
