import type { Job } from "../../../src/api/job.ts";
import { grouped } from "../../../src/core/number_text.ts";

const parts = [
  { key: "succeeded", word: "succeeded", fill: "bg-succeeded" },
  { key: "failed", word: "failed", fill: "bg-failed" },
  { key: "running", word: "running", fill: "bg-running" },
  { key: "ended", word: "cancelled or skipped", fill: "bg-ended" },
  { key: "queued", word: "waiting", fill: "bg-transparent" },
] as const;

/** How the runs of a job stand, in one bar, and in words for those who do not see it. `isSlim`: without their number beside it. */
export function RunsBar({ runs, isSlim = false }: { runs: Job["runs"]; isSlim?: boolean }) {
  const counts = { ...runs, ended: runs.cancelled + runs.skipped };
  const done = runs.succeeded + runs.failed + counts.ended;
  const words = parts.filter(({ key }) => counts[key] > 0).map(({ key, word }) => `${grouped(counts[key])} ${word}`);
  return (
    <span className="flex items-center gap-2" title={words.join(", ")}>
      <span className="sr-only">{words.join(", ")}</span>
      <span
        aria-hidden="true"
        className={`flex min-w-12 flex-1 overflow-hidden rounded-full bg-sunken ring-1 ring-line ring-inset ${isSlim ? "h-1.5" : "h-2"}`}
      >
        {parts.map(({ key, fill }) =>
          counts[key] > 0 ? (
            <span key={key} className={fill} style={{ width: `max(2px, ${(100 * counts[key]) / runs.total}%)` }} />
          ) : null,
        )}
      </span>
      {!isSlim && (
        <span aria-hidden="true" className="w-20 text-right whitespace-nowrap text-muted">
          {runs.total === 1 ? (
            <span className="text-xs">1 run</span>
          ) : (
            <>
              {short(done)}
              <span className="text-xs"> / {short(runs.total)}</span>
            </>
          )}
        </span>
      )}
    </span>
  );
}

/** `980`, `12.3k`, `1.2M`: it has to fit. */
function short(count: number): string {
  if (count < 10_000) return grouped(count);
  return count < 1_000_000 ? `${trimmed(count / 1000)}k` : `${trimmed(count / 1_000_000)}M`;
}

function trimmed(value: number): string {
  return value < 100 ? value.toFixed(1).replace(/\.0$/, "") : `${Math.floor(value)}`;
}
