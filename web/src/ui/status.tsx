import type { Job } from "../../../src/api/job.ts";
import type { Run } from "../../../src/api/run.ts";

export type Status = Run["status"] | Job["status"] | "paused";

/** A glyph beside the colour, so that it can be told without: the same ones as on the command line. */
const looks: Record<Status, { glyph: string; colour: string }> = {
  queued: { glyph: "○", colour: "text-waiting" },
  starting: { glyph: "◌", colour: "text-running" },
  running: { glyph: "●", colour: "text-running" },
  succeeded: { glyph: "✓", colour: "text-succeeded" },
  failed: { glyph: "✗", colour: "text-failed" },
  cancelled: { glyph: "–", colour: "text-ended" },
  skipped: { glyph: "–", colour: "text-ended" },
  paused: { glyph: "‖", colour: "text-waiting" },
};

export function StatusBadge({ status }: { status: Status }) {
  const { glyph, colour } = looks[status];
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${colour}`}>
      <span aria-hidden="true" className="w-3 text-center font-mono">
        {glyph}
      </span>
      {status}
    </span>
  );
}
