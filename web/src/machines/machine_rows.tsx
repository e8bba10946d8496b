import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import { MachineRow } from "./machine_row.tsx";
import { PoolHeading } from "./pool_heading.tsx";
import type { WallUse } from "./use_wall.ts";

interface MachineRowsProps {
  pools: readonly { pool: string; machines: readonly Machine[] }[];
  use: WallUse | null;
  /** The one that is shown with everything. */
  open: string | null;
  onOpen(machine: string | null): void;
}

/** As they are before they are drawn; then they are measured. */
const ROW_PX = 54;
const HEADING_PX = 40;

/** Machines by the hundred: only what is on screen is drawn. */
export function MachineRows({ pools, use, open, onOpen }: MachineRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const lines = pools.flatMap(({ pool, machines }) => [
    { key: `pool ${pool}`, pool, machines, machine: null },
    ...machines.map((machine) => ({ key: `machine ${machine.name}`, pool, machines, machine })),
  ]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (lines[at]?.machine ? ROW_PX : HEADING_PX),
    getItemKey: (at) => lines[at]?.key ?? at,
    overscan: 6,
  });
  return (
    <div
      ref={scroller}
      role="region"
      aria-label="Machines"
      // What scrolls has to be reachable by keyboard.
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface"
    >
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => {
          const line = lines[index];
          if (!line) return null;
          const { machine } = line;
          return (
            <div
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              className="absolute inset-x-0"
              style={{ transform: `translateY(${start}px)` }}
            >
              {machine === null ? (
                <div className="border-b border-line bg-canvas px-3 py-2">
                  <PoolHeading pool={line.pool} machines={line.machines} />
                </div>
              ) : (
                <MachineRow
                  machine={machine}
                  use={use}
                  isOpen={open === machine.name}
                  onToggle={() => onOpen(open === machine.name ? null : machine.name)}
                />
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
