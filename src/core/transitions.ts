import type { Ending, FailureCause, RunStatus, StopReason } from "./run.ts";
import type { Symptom } from "./symptom.ts";

/**
 * The one table of a run's moves. The cancel button, the route and the loop all ask it:
 * `moves[from]` lists what may follow. `queued` after an end is a retry.
 */
const moves: Record<RunStatus, readonly RunStatus[]> = {
  queued: ["starting", "cancelled", "failed", "skipped"],
  starting: ["running", "queued", "succeeded", "failed", "cancelled"],
  running: ["succeeded", "failed", "cancelled", "queued"],
  succeeded: ["queued"],
  failed: ["queued"],
  cancelled: ["queued"],
  skipped: ["queued"],
};

export function mayMove(from: RunStatus, to: RunStatus): boolean {
  return moves[from].includes(to);
}

/** What becomes of a run whose attempt ended. `again` keeps the cause: it is shown while the run waits once more. */
export type Outcome =
  | { status: "succeeded" }
  | { status: "cancelled"; cause?: FailureCause }
  | { status: "failed"; cause: FailureCause }
  | { status: "queued"; cause: FailureCause | null };

/**
 * What an attempt's end means for its run.
 *
 * @param ending  how the command ended
 * @param asked  why the yard had asked it to stop, null where it had not
 * @param tries  attempts made so far that count against the retries, this one included
 * @param symptom  what its last lines say of the reason; only a failure has one
 * @param retries  how many further tries the job allows (default of a job: 0)
 * @param timeLimitMs  the limit at which it was stopped; null: it was not
 */
export function outcome(
  ending: Ending,
  asked: StopReason | null,
  tries: number,
  retries: number,
  timeLimitMs: number | null,
  symptom: Symptom | null = null,
): Outcome {
  if (ending.kind === "exited" && ending.exitCode === 0 && asked !== "preempted") return { status: "succeeded" };
  if (asked === "cancelled") return { status: "cancelled" };
  if (ending.kind === "cancelled") return { status: "cancelled", cause: { code: "cancelled_there", by: ending.by } };
  // What was to be withdrawn and had begun has gone on: its end counts as any other.
  if (asked === "preempted" || ending.kind === "never_began") return { status: "queued", cause: null };
  const cause = causeOf(ending, asked, timeLimitMs, symptom);
  return tries <= retries ? { status: "queued", cause } : { status: "failed", cause };
}

/** Whether an attempt that ended so counts against a job's retries: what never began or was taken back does not. */
export function countsAsTry(ending: Ending, asked: StopReason | null): boolean {
  return ending.kind !== "never_began" && asked !== "preempted";
}

function causeOf(
  ending: Exclude<Ending, { kind: "never_began" | "cancelled" }>,
  asked: StopReason | null,
  timeLimitMs: number | null,
  symptom: Symptom | null,
): FailureCause {
  if (asked === "time_limit") return { code: "time_limit", limitMs: timeLimitMs ?? 0 };
  if (symptom !== null && (ending.kind === "exited" || ending.kind === "signalled")) return { code: symptom };
  switch (ending.kind) {
    case "exited":
      return { code: "exit_code", exitCode: ending.exitCode };
    case "signalled":
      return { code: "signal", signal: ending.signal };
    case "could_not_start":
      return { code: "could_not_start", reason: ending.reason };
    case "lost":
      return { code: "lost", detail: ending.detail };
  }
}
