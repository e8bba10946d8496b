import type { Job } from "../../../src/api/job.ts";
import { etaText, etaWithSource } from "../../../src/core/eta_text.ts";
import { age, localTime, runtime, wholeTime } from "../../../src/core/local_time.ts";
import { useNow } from "../yard/clock.ts";

/** How long ago, with the time itself in the reader's zone behind it. */
export function Age({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {age(at, now)}
    </time>
  );
}

/** The time in the reader's zone. */
export function At({ at }: { at: string }) {
  const now = useNow();
  return (
    <time dateTime={at} title={wholeTime(at)}>
      {localTime(at, now)}
    </time>
  );
}

/** How long something took, or takes so far. */
export function Took({ span }: { span: { startedAt: string | null; endedAt: string | null } }) {
  return runtime(span, useNow());
}

/** How much longer something takes, as far as anything tells. */
export function Eta({ remaining }: { remaining: Job["remaining"] }) {
  return remaining ? <span title={etaWithSource(remaining)}>{etaText(remaining)}</span> : null;
}
