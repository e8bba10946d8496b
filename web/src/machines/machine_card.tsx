import type { Machine } from "../../../src/api/machine.ts";
import { printable } from "../../../src/core/printable.ts";
import { GpuTile } from "./gpu_tile.tsx";
import { MachineActions } from "./machine_actions.tsx";
import { MachineFacts } from "./machine_facts.tsx";
import { MachineState } from "./machine_state.tsx";
import { roomText, sizeText } from "./machine_words.ts";
import type { WallUse } from "./use_wall.ts";

interface MachineCardProps {
  machine: Machine;
  use: WallUse | null;
}

/** A machine with everything that is known of it, and what can be done to it. */
export function MachineCard({ machine, use }: MachineCardProps) {
  return (
    <article
      aria-label={printable(machine.name)}
      tabIndex={-1}
      className="flex flex-col gap-3 rounded-lg border border-line bg-surface p-3 sm:p-4"
    >
      <MachineHeader machine={machine} />
      <MachineBody machine={machine} use={use} />
    </article>
  );
}

function MachineHeader({ machine }: { machine: Machine }) {
  return (
    <header className="flex flex-wrap items-center gap-x-4 gap-y-2">
      <h3 className="text-lg font-semibold [overflow-wrap:anywhere]">{printable(machine.name)}</h3>
      <MachineState machine={machine} />
      <p className="text-sm text-muted">
        {sizeText(machine)} · {roomText(machine)}
      </p>
      <MachineActions machine={machine} />
    </header>
  );
}

/** Without its head. */
export function MachineBody({ machine, use }: MachineCardProps) {
  return (
    <>
      <MachineFacts machine={machine} />
      {machine.gpus.length > 0 && (
        <ul
          aria-label={`GPUs of ${printable(machine.name)}`}
          className="grid grid-cols-[repeat(auto-fit,minmax(min(15.5rem,100%),1fr))] gap-2"
        >
          {machine.gpus.map((gpu) => (
            <GpuTile key={gpu.index} gpu={gpu} machine={machine} use={use} />
          ))}
        </ul>
      )}
    </>
  );
}
