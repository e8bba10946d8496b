import type { Machine } from "../../../src/api/machine.ts";
import { Age } from "../ui/times.tsx";

const looks: Record<Machine["status"], { glyph: string; colour: string }> = {
  off: { glyph: "○", colour: "text-ended" },
  starting: { glyph: "◌", colour: "text-running" },
  idle: { glyph: "✓", colour: "text-succeeded" },
  working: { glyph: "●", colour: "text-running" },
  stopping: { glyph: "◌", colour: "text-ended" },
  unreachable: { glyph: "✗", colour: "text-failed" },
};

/** How a machine stands: a glyph and a word, and since when it is out of reach. */
export function MachineState({ machine }: { machine: Machine }) {
  const { status, drained, unreachableSince } = machine;
  const { glyph, colour } = looks[status];
  return (
    <span className="inline-flex items-center gap-2 text-sm font-medium whitespace-nowrap">
      <span className={`inline-flex items-center gap-1.5 ${colour}`}>
        <span aria-hidden="true" className="w-3 text-center font-mono">
          {glyph}
        </span>
        <span>
          {status}
          {unreachableSince !== null && (
            <span className="font-normal">
              {" since "}
              <Age at={unreachableSince} />
            </span>
          )}
        </span>
      </span>
      {drained && (
        <span className="inline-flex items-center gap-1.5 text-waiting">
          <span aria-hidden="true" className="font-mono">
            ‖
          </span>
          <span>drained</span>
        </span>
      )}
    </span>
  );
}
