import { dealAnew, type Holder } from "./dealt_anew.ts";
import type { Amounts, Deal, Elastic, OpenPolicy, Policy, PolicyRun, PolicySettings, Resized, Room } from "./policy.ts";
import { bySubmission } from "./submission_order.ts";
import { openWaitingList } from "./waiting_list.ts";
import { allocateWorkers } from "./worker_counts.ts";

export const optimus: Policy = {
  summary:
    "In the order of submission, each with the least it can do with; what is left goes where it saves most time.",
  preempts: true,
  resizes: true,
  needsEstimates: true,
  open: openOptimus,
};

/** While elastic runs hold places, counts are decided anew this often though nothing happens: what is left of them changes. */
export const RESIZE_INTERVAL_SECONDS = 60;

interface Entry<Run extends PolicyRun> extends Holder<Run> {
  /** How many it had when it was told of; 0: it is not elastic, or waits. */
  workers: number;
}

/** An elastic run in a deal, once it has its least. */
interface Sized<Run extends PolicyRun, Place> {
  run: Run;
  elastic: Elastic;
  /** Where its least starts; null: it holds a place already. */
  place: Place | null;
}

/**
 * Elastic worker counts by marginal gain (Optimus, Peng et al., EuroSys 2018): by priority, then submission, each run gets
 * its least if that fits, else none; what is left goes, worker by worker, to where it saves most time for its share. A run
 * that may not be stopped now keeps the workers that it has.
 */
function openOptimus<Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run> {
  const { total, preemptCostSeconds } = settings;
  const compare = (a: Entry<Run>, b: Entry<Run>) => bySubmission(a.run, b.run);
  const entries = new Map<Run, Entry<Run>>();
  const waiting = openWaitingList<Run, Entry<Run>>(compare);
  const holders = new Set<Entry<Run>>();
  let elasticHolders = 0;
  let nextAt = Number.POSITIVE_INFINITY;
  let dealtAt = 0;

  function forget(run: Run): void {
    const entry = entries.get(run);
    if (!entry) return;
    if (!holders.delete(entry)) waiting.remove(entry);
    else if (entry.workers > 0) elasticHolders -= 1;
    entries.delete(run);
  }

  /** What the elastic ones of those seated may share out among themselves. */
  function leftFor(movable: ReadonlySet<Run>, stopped: readonly Entry<Run>[], started: readonly Run[]): Amounts {
    const gone = new Set(stopped.map(({ run }) => run));
    const others = [...holders].flatMap(({ run }) => (gone.has(run) || movable.has(run) ? [] : run));
    const left = { ...total };
    for (const { asks } of [...others, ...started.filter((run) => !movable.has(run))]) {
      left.gpus -= asks.gpus;
      left.cpus -= asks.cpus;
      left.memoryBytes -= asks.memoryBytes;
    }
    return left;
  }

  function countsFor(sized: readonly Sized<Run, unknown>[], left: Amounts, now: number): number[] {
    const jobs = sized.map(({ elastic, place }) => ({
      min: elastic.min,
      max: elastic.max,
      remainingSteps: elastic.remainingSteps(now),
      speed: elastic.speed,
      worker: elastic.worker,
      server: null,
      current: place === null ? { workers: elastic.workers, servers: 0 } : null,
      resizeSeconds: preemptCostSeconds,
    }));
    return allocateWorkers(jobs, left).map(({ workers }, at) => Math.max(workers, jobs[at]?.min ?? 1));
  }

  /** So many, or as many as there is room for and are worth it. */
  function resize<Place>(
    { run, elastic, place }: Sized<Run, Place>,
    count: number,
    room: Room<Run, Place>,
    now: number,
  ): (Resized<Place> & { workers: number }) | null {
    const { min, workers: current, speed } = elastic;
    const steps = elastic.remainingSteps(now);
    const stays = place === null ? current : min;
    const costs = place === null ? preemptCostSeconds : 0;
    for (let workers = count; workers >= min; workers -= 1) {
      const isWorthIt = workers <= stays || steps / speed(workers) + costs < steps / speed(stays);
      const resized = isWorthIt ? room.resize(run, workers) : null;
      if (resized) return { ...resized, workers };
    }
    return null;
  }

  return {
    wait(run, now) {
      forget(run);
      const entry = { run, seconds: 0, heldSince: now, workers: 0 };
      entries.set(run, entry);
      waiting.add(entry);
    },
    hold(run, now) {
      const before = entries.get(run);
      const workers = run.elastic?.workers ?? 0;
      const isAsBefore = before && holders.has(before) && before.workers === workers;
      forget(run);
      const entry = { run, seconds: 0, heldSince: isAsBefore ? before.heldSince : now, workers };
      entries.set(run, entry);
      holders.add(entry);
      if (workers > 0) elasticHolders += 1;
    },
    forget,
    deal<Place>(now: number, room: Room<Run, Place>): Deal<Run, Place> {
      const held = [...holders].sort(compare);
      const { seated, stopped, blocked, limited, ...dealt } = dealAnew(
        held,
        (within) => waiting.walk(within),
        compare,
        room,
        { now, ...settings },
      );
      nextAt = dealt.nextAt;
      dealtAt = now;
      const deal: Deal<Run, Place> = { start: [], stop: [], resize: [], blocked, limited };
      deal.stop = stopped.map(({ run }) => ({ run, order: 0 }));
      const sized: Sized<Run, Place>[] = [];
      for (const { entry, place } of seated) {
        const { run } = entry;
        if (run.elastic) sized.push({ run, elastic: run.elastic, place });
        else if (place !== null) deal.start.push({ run, place, order: 0 });
      }
      if (sized.length === 0) return deal;
      const left = leftFor(new Set(sized.map(({ run }) => run)), stopped, [...deal.start.map(({ run }) => run)]);
      const counts = countsFor(sized, left, now);
      const planned = sized.map((one, at) => ({ one, count: counts[at] ?? one.elastic.min }));
      // Who gets fewer makes room for the others.
      const grows = ({ one, count }: (typeof planned)[number]) => count > one.elastic.workers;
      for (const { one, count } of [...planned.filter((plan) => !grows(plan)), ...planned.filter(grows)]) {
        const { run, elastic, place } = one;
        const resized = resize(one, count, room, now);
        const workers = resized?.workers ?? elastic.min;
        if (place !== null) deal.start.push({ run, place: resized?.place ?? place, order: 0, workers });
        else if (resized && !resized.isSame) deal.resize.push({ run, place: resized.place, workers });
      }
      return deal;
    },
    nextAt: () => (elasticHolders > 0 ? Math.min(nextAt, dealtAt + RESIZE_INTERVAL_SECONDS) : nextAt),
  };
}
