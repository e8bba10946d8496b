import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import type { Machine } from "../../../src/api/machine.ts";
import { useWidth } from "../ui/use_width.ts";
import { MachineRow } from "./machine_row.tsx";
import { PoolHeading } from "./pool_heading.tsx";
import type { WallUse } from "./use_wall.ts";

interface MachineRowsProps {
  pools: readonly { pool: string; machines: readonly Machine[] }[];
  use: WallUse | null;
  /** The one that is shown with everything. */
  open: string | null;
  onToggle(machine: string): void;
}

/** A machine with eight GPUs is read well in this; on wider screens machines stand side by side. */
const COLUMN_PX = 1000;

type Line =
  | { kind: "pool"; key: string; pool: string; machines: readonly Machine[] }
  | { kind: "machines"; key: string; machines: readonly Machine[] };

function inLines(machines: readonly Machine[], columns: number): Line[] {
  return Array.from({ length: Math.ceil(machines.length / columns) }, (_, at) => {
    const some = machines.slice(at * columns, (at + 1) * columns);
    return { kind: "machines", key: `machine ${some[0]?.name}`, machines: some };
  });
}

/** As they are before they are drawn; then they are measured. */
const ROW_PX = 54;
const HEADING_PX = 40;

/** Machines by the hundred: only what is on screen is drawn. */
export function MachineRows({ pools, use, open, onToggle }: MachineRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const columns = Math.max(1, Math.floor(useWidth(scroller) / COLUMN_PX));
  const lines = useMemo(
    () =>
      pools.flatMap(({ pool, machines }): Line[] => [
        { kind: "pool", key: `pool ${pool}`, pool, machines },
        ...inLines(machines, columns),
      ]),
    [pools, columns],
  );
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (lines[at]?.kind === "machines" ? ROW_PX : HEADING_PX),
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
          return (
            <div
              key={key}
              data-index={index}
              ref={virtual.measureElement}
              className="absolute inset-x-0"
              style={{ transform: `translateY(${start}px)` }}
            >
              {line.kind === "pool" ? (
                <div className="border-b border-line bg-canvas px-3 py-2">
                  <PoolHeading pool={line.pool} machines={line.machines} />
                </div>
              ) : (
                <div
                  className="grid divide-x divide-line"
                  style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
                >
                  {line.machines.map((machine) => (
                    <MachineRow
                      key={machine.name}
                      machine={machine}
                      use={use}
                      isOpen={open === machine.name}
                      onToggle={onToggle}
                    />
                  ))}
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
