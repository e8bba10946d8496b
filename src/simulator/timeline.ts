import type { OpenPolicy, Policy, PolicyRun, PolicySettings } from "../core/policies/policy.ts";

/** What a policy made of its GPUs over time: from `at[i]` to `at[i + 1]`, `held[i]` and `waiting[i]`. */
export interface Timeline {
  /** Seconds of the trace's own time, rising. */
  at: number[];
  /** GPUs that jobs hold. */
  held: number[];
  /** Jobs that wait. */
  waiting: number[];
}

type Watched = Pick<Policy, "open" | "resizes">;

/** The same policy, of which is written down what comes of its deals as it works. */
export function withTimeline(policy: Watched): Watched & { timeline: Timeline } {
  const timeline: Timeline = { at: [], held: [], waiting: [] };

  function open<Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run> {
    const opened = policy.open<Run>(settings);
    const holding = new Map<Run, number>();
    const waiting = new Set<Run>();
    let held = 0;

    function leave(run: Run): void {
      held -= holding.get(run) ?? 0;
      holding.delete(run);
      waiting.delete(run);
    }

    /** As things stand after what was last said of this instant. */
    function note(now: number): void {
      const last = timeline.at.length - 1;
      const at = timeline.at[last] === now ? last : last + 1;
      timeline.at[at] = now;
      timeline.held[at] = held;
      timeline.waiting[at] = waiting.size;
    }

    return {
      ...opened,
      wait(run, now, order) {
        leave(run);
        waiting.add(run);
        note(now);
        opened.wait(run, now, order);
      },
      hold(run, now, order) {
        leave(run);
        holding.set(run, run.asks.gpus);
        held += run.asks.gpus;
        note(now);
        opened.hold(run, now, order);
      },
      forget(run) {
        leave(run);
        opened.forget(run);
      },
      deal(now, room) {
        note(now);
        return opened.deal(now, room);
      },
    };
  }

  return { open, resizes: policy.resizes, timeline };
}

/**
 * The means of values that hold from their instant to the next, over `bins` equal stretches of time. Nothing is held
 * after the last instant.
 */
export function meansOver(
  at: readonly number[],
  values: readonly number[],
  from: number,
  to: number,
  bins: number,
): number[] {
  const width = (to - from) / bins;
  const means = new Array<number>(bins).fill(0);
  for (let i = 0; i + 1 < at.length; i += 1) {
    const start = ((at[i] ?? 0) - from) / width;
    const end = ((at[i + 1] ?? 0) - from) / width;
    for (let bin = Math.floor(start); bin < Math.min(end, bins); bin += 1)
      means[bin] = (means[bin] ?? 0) + (values[i] ?? 0) * (Math.min(end, bin + 1) - Math.max(start, bin));
  }
  return means;
}
