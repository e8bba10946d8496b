import type { Run } from "../../../src/api/run.ts";
import { grouped } from "../../../src/core/number_text.ts";

/** How far a run has come, if it says so. */
export function RunProgress({ run: { progress, status } }: { run: Run }) {
  if (!progress) return null;
  const { done, of } = progress;
  const share = of === null || of <= 0 ? null : Math.min(1, Math.max(0, done / of));
  const text = of === null ? `${grouped(done)} done` : `${grouped(done)} of ${grouped(of)}`;
  return (
    <div className="flex items-center gap-3">
      <div
        role="progressbar"
        aria-label="Progress"
        aria-valuetext={text}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === null ? undefined : Math.round(100 * share)}
        className="h-2 flex-1 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset"
      >
        {share !== null && (
          <div
            className={`h-full ${status === "failed" ? "bg-failed" : status === "succeeded" ? "bg-succeeded" : "bg-running"}`}
            style={{ width: `${100 * share}%` }}
          />
        )}
      </div>
      <p className="text-sm text-muted">
        {text}
        {share !== null && ` · ${Math.floor(100 * share)} %`}
      </p>
    </div>
  );
}
