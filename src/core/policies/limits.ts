import type { Deal, OpenPolicy, PolicyRun, PolicySettings, Room } from "./policy.ts";

/** The same policy, under which nobody holds more GPUs at once than they may. What is held already stays. */
export function withLimits<Run extends PolicyRun>(
  policy: OpenPolicy<Run>,
  { mostGpus }: Pick<PolicySettings, "mostGpus">,
): OpenPolicy<Run> {
  if (Object.keys(mostGpus).length === 0) return policy;
  const holding = new Map<Run, number>();
  const held = new Map<string, number>();

  function count(user: string, gpus: number): void {
    held.set(user, heldBy(user) + gpus);
  }

  function heldBy(user: string): number {
    return held.get(user) ?? 0;
  }

  function letGo(run: Run): void {
    count(run.user, -(holding.get(run) ?? 0));
    holding.delete(run);
  }

  function mayHold({ user, asks }: Run): boolean {
    return heldBy(user) + asks.gpus <= mostGpusOf(user, mostGpus);
  }

  /** Counts along as places are given and taken in one deal. */
  function within<Place>(room: Room<Run, Place>): Room<Run, Place> {
    const counted = new Map<Run, number>();
    return {
      ...room,
      mayHold: (run) => mayHold(run) && room.mayHold(run),
      seat(run, mayTake) {
        const place = room.seat(run, mayTake);
        if (place === null) return null;
        count(run.user, run.asks.gpus);
        counted.set(run, run.asks.gpus);
        return place;
      },
      // What is lent counts until it is lost, but for what an elastic run can do without: nobody's own run makes room for
      // another of theirs beyond the limit.
      lend(holders) {
        for (const run of holders) count(run.user, leastGpus(run) - run.asks.gpus);
        room.lend(holders);
      },
      keep(run) {
        const isKept = room.keep(run);
        if (isKept) counted.set(run, leastGpus(run));
        else count(run.user, -leastGpus(run));
        return isKept;
      },
      resize(run, workers) {
        const more = workers * (run.elastic?.worker.gpus ?? 0) - (counted.get(run) ?? 0);
        if (more > 0 && heldBy(run.user) + more > mostGpusOf(run.user, mostGpus)) return null;
        const resized = room.resize(run, workers);
        if (resized) {
          count(run.user, more);
          counted.set(run, (counted.get(run) ?? 0) + more);
        }
        return resized;
      },
    };
  }

  return {
    ...policy,
    wait(run, now, order) {
      letGo(run);
      policy.wait(run, now, order);
    },
    hold(run, now, order) {
      letGo(run);
      holding.set(run, run.asks.gpus);
      count(run.user, run.asks.gpus);
      policy.hold(run, now, order);
    },
    forget(run) {
      letGo(run);
      policy.forget(run);
    },
    deal<Place>(now: number, room: Room<Run, Place>): Deal<Run, Place> {
      const before = new Map(held);
      const deal = policy.deal(now, within(room));
      held.clear();
      for (const [user, gpus] of before) if (gpus > 0) held.set(user, gpus);
      return deal;
    },
  };
}

/** What it has when it has just been kept. */
function leastGpus({ asks, elastic }: PolicyRun): number {
  return elastic ? elastic.min * elastic.worker.gpus : asks.gpus;
}

/** How many GPUs the user may hold at once; Infinity: any number. */
export function mostGpusOf(user: string, mostGpus: PolicySettings["mostGpus"]): number {
  const most = Object.hasOwn(mostGpus, user) ? mostGpus[user] : mostGpus["*"];
  return most ?? Number.POSITIVE_INFINITY;
}
