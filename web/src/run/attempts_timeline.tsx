import { History } from "lucide-react";
import type { Attempt, Run } from "../../../src/api/run.ts";
import { localTime } from "../../../src/core/local_time.ts";
import { printable } from "../../../src/core/printable.ts";
import { formatDuration } from "../../../src/core/quantity.ts";
import { Notice } from "../ui/problem.tsx";
import { useNow } from "../yard/clock.ts";

/** Every try at a run: when, for how long, where, and how it ended. Time goes from left to right, alike for all. */
export function AttemptsTimeline({ run, attempts }: { run: Run; attempts: readonly Attempt[] }) {
  const now = useNow();
  const [first] = attempts;
  if (!first)
    return (
      <Notice title="It has not been tried yet" icon={<History className="size-6" aria-hidden="true" />}>
        <p>Each try at it will stand here, with its machine and how it ended.</p>
      </Notice>
    );
  const begin = Date.parse(first.assignedAt);
  const end = Math.max(begin + 1, ...attempts.map((attempt) => (attempt.endedAt ? Date.parse(attempt.endedAt) : now)));
  const place = (at: number) => `${(100 * (at - begin)) / (end - begin)}%`;
  return (
    <div className="min-h-0 flex-1 overflow-auto rounded-lg border border-line bg-surface">
      <ol>
        {attempts.map((attempt) => {
          const startedAt = attempt.startedAt ? Date.parse(attempt.startedAt) : null;
          const endedAt = attempt.endedAt ? Date.parse(attempt.endedAt) : now;
          const isLast = attempt === attempts.at(-1);
          return (
            <li key={attempt.id} className="border-b border-line px-4 py-3 last:border-0">
              <div className="flex flex-wrap items-baseline gap-x-4 gap-y-0.5 text-sm">
                <span className="font-medium">Attempt {attempt.try}</span>
                <span>{printable(attempt.machine ?? "on a machine that is gone")}</span>
                {attempt.devices !== "" && <span className="text-muted">GPU {printable(attempt.devices)}</span>}
                {attempt.ticket !== null && <span className="text-muted">ticket {printable(attempt.ticket)}</span>}
                <span className="ml-auto text-muted">
                  {localTime(attempt.startedAt ?? attempt.assignedAt, now)}
                  {startedAt !== null && `, ${formatDuration(Math.max(0, endedAt - startedAt))}`}
                </span>
              </div>
              <div aria-hidden="true" className="relative my-2 h-3 rounded-full bg-sunken">
                <div
                  className="absolute inset-y-1 bg-line"
                  style={{
                    left: place(Date.parse(attempt.assignedAt)),
                    right: `calc(100% - ${place(startedAt ?? endedAt)})`,
                  }}
                />
                {startedAt !== null && (
                  <div
                    className={`absolute inset-y-0 min-w-1 rounded-full ${fillOf(attempt, run, isLast)}`}
                    style={{ left: place(startedAt), right: `calc(100% - ${place(endedAt)})` }}
                  />
                )}
              </div>
              <p className="text-sm text-muted">
                {attempt.endedAt === null
                  ? startedAt === null
                    ? "It is about to start."
                    : "It runs."
                  : [attempt.cause && printable(attempt.cause.text), attempt.stopReason?.replaceAll("_", " ")]
                      .filter(Boolean)
                      .join(", ")}
              </p>
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function fillOf({ endedAt, exitCode, stopReason }: Attempt, run: Run, isLast: boolean): string {
  if (endedAt === null) return "bg-running";
  if (isLast && run.status === "succeeded") return "bg-succeeded";
  if (stopReason !== null) return "bg-ended";
  return exitCode === 0 ? "bg-succeeded" : "bg-failed";
}
