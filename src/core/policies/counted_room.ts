import type { PolicyRun, Room } from "./policy.ts";

/** GPUs that are only counted: a run gets any that are free. */
export interface CountedRoom<Run extends PolicyRun> extends Room<Run, "somewhere"> {
  /** Begins a deal: what was reserved in the one before no longer is. */
  open(now: number): void;
  /** The run no longer holds any. */
  release(run: Run): void;
}

export function openCountedRoom<Run extends PolicyRun>(gpus: number): CountedRoom<Run> {
  /** How many GPUs each holds. */
  const seated = new Map<Run, number>();
  /** When those seated are expected to end, the first one first. */
  const ends: { run: Run; endsAt: number }[] = [];
  let free = gpus;
  /** Of those whose places are lent, what nobody has taken and nobody has kept. */
  let lent = 0;
  let now = 0;
  /** When the first run that does not fit will start, and how many GPUs it leaves free then; null: nothing is reserved. */
  let reserved: { startsAt: number; spareGpus: number } | null = null;

  function giveBack(run: Run): void {
    free += seated.get(run) ?? 0;
    seated.delete(run);
  }

  function expect(run: Run): void {
    const endsAt = now + secondsOf(run);
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle]?.endsAt ?? 0) <= endsAt) low = middle + 1;
      else high = middle;
    }
    ends.splice(low, 0, { run, endsAt });
    if (reserved && endsAt > reserved.startsAt) reserved.spareGpus -= run.asks.gpus;
  }

  /** So many in all, of what was lent first. */
  function claim(run: Run, gpus: number): boolean {
    const more = gpus - (seated.get(run) ?? 0);
    if (more > free + lent) return false;
    free -= Math.max(0, more - lent);
    lent = Math.max(0, lent - more);
    seated.set(run, gpus);
    return true;
  }

  function within({ asks }: Run): number {
    if (asks.gpus > free) return Number.NEGATIVE_INFINITY;
    if (reserved === null || asks.gpus <= reserved.spareGpus) return Number.POSITIVE_INFINITY;
    return reserved.startsAt - now;
  }

  return {
    open(at) {
      now = at;
      reserved = null;
      free += lent;
      lent = 0;
    },
    release(run) {
      giveBack(run);
      const at = ends.findIndex((one) => one.run === run);
      if (at !== -1) ends.splice(at, 1);
    },
    within,
    mayHold: () => true,
    seat(run, mayTake) {
      const asked = run.asks.gpus;
      if (secondsOf(run) > within(run) && !(mayTake && asked <= free + lent)) return null;
      lent -= Math.max(0, asked - free);
      free = Math.max(0, free - asked);
      seated.set(run, asked);
      expect(run);
      return "somewhere";
    },
    reserve({ asks }, hasAged) {
      let freeThen = free;
      let startsAt = now;
      for (const { run, endsAt } of ends) {
        if (freeThen >= asks.gpus && endsAt > startsAt) break;
        freeThen += run.asks.gpus;
        startsAt = Math.max(now, endsAt);
      }
      // As long as it is not known when it will fit, any that fits may start, until it has waited for too long.
      const isUnknown = startsAt === Number.POSITIVE_INFINITY;
      if (isUnknown) reserved = hasAged ? { startsAt: Number.NEGATIVE_INFINITY, spareGpus: 0 } : null;
      else reserved = { startsAt, spareGpus: freeThen - asks.gpus };
    },
    lend(holders) {
      for (const run of holders) {
        lent += seated.get(run) ?? 0;
        seated.delete(run);
      }
    },
    keep(run) {
      const { asks, elastic } = run;
      return claim(run, elastic ? elastic.min * elastic.worker.gpus : asks.gpus);
    },
    resize(run, workers) {
      const { elastic } = run;
      if (!elastic || !claim(run, workers * elastic.worker.gpus)) return null;
      return { place: "somewhere", isSame: workers === elastic.workers };
    },
  };
}

function secondsOf({ remainingSeconds }: PolicyRun): number {
  return remainingSeconds ?? Number.POSITIVE_INFINITY;
}
