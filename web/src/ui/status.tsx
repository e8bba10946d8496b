import { type ShownStatus, statusGlyphs } from "../../../src/core/status_glyph.ts";

const colours: Record<ShownStatus, string> = {
  queued: "text-waiting",
  starting: "text-running",
  running: "text-running",
  succeeded: "text-succeeded",
  failed: "text-failed",
  cancelled: "text-ended",
  skipped: "text-ended",
  paused: "text-waiting",
};

export function StatusBadge({ status }: { status: ShownStatus }) {
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium whitespace-nowrap ${colours[status]}`}>
      <span aria-hidden="true" className="w-3 text-center font-mono">
        {statusGlyphs[status]}
      </span>
      {status}
    </span>
  );
}
