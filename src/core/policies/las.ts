import { dealAnew } from "./dealt_anew.ts";
import { openHeap } from "./heap.ts";
import type { Deal, OpenPolicy, Policy, PolicyRun, PolicySettings, Room } from "./policy.ts";
import { openWaitingList } from "./waiting_list.ts";

export const las: Policy = {
  summary: "The least attained service first, in queues: the longer a run has had GPUs, the further back it stands.",
  preempts: true,
  resizes: false,
  needsEstimates: false,
  open: openLas,
};

/** GPU seconds: at the instant for which a run's sinking was foreseen it has reached its limit, but for so much. */
const ROUNDING = 1e-6;

interface Entry<Run> {
  run: Run;
  seconds: number;
  isHolding: boolean;
  heldSince: number;
  chargedAt: number;
  queue: number;
  /** Whether it got a place at the last deal: in its queue these stand before the others. */
  isInFront: boolean;
  /** Among those in front, or the others, of its queue. */
  place: number;
  /** Since it was last promoted, in GPU seconds. */
  attained: number;
  /** Since it was last promoted. */
  ranSeconds: number;
}

/**
 * Discretised two-dimensional least attained service (Tiresias, Gu et al., NSDI 2019). A run sinks through queues by the
 * GPU seconds it has had; all places are dealt anew each time, queue by queue, and what does not fit is skipped.
 */
function openLas<Run extends PolicyRun>(settings: PolicySettings): OpenPolicy<Run> {
  const { lasLimits: limits, starvation } = settings;
  const entries = new Map<Run, Entry<Run>>();
  const waiting = openWaitingList<Run, Entry<Run>>(compare);
  /** In order as of the last deal; those that hold a place since then behind them. */
  const holders: Entry<Run>[] = [];
  /** One whose entry does not wait there any more is passed over. */
  const promotions = openHeap<{ entry: Entry<Run>; place: number; at: number; nth: number }>((a, b) =>
    a.at === b.at ? a.nth < b.nth : a.at < b.at,
  );
  let promotionsPlanned = 0;
  let front = 0;
  let head = 0;
  let tail = 0;
  let endOfQuantum = Number.POSITIVE_INFINITY;

  function limitOf(queue: number): number {
    return limits[queue] ?? Number.POSITIVE_INFINITY;
  }

  function isAtLimit({ attained, queue }: Entry<Run>): boolean {
    return attained >= limitOf(queue) - ROUNDING;
  }

  function sink(entry: Entry<Run>): void {
    while (isAtLimit(entry)) entry.queue += 1;
  }

  function leave(entry: Entry<Run>): void {
    if (entry.isHolding) holders.splice(holders.indexOf(entry), 1);
    else waiting.remove(entry);
  }

  function entryOf(run: Run): Entry<Run> {
    const known = entries.get(run);
    if (known) return known;
    const service = { attained: run.servedSeconds * run.asks.gpus, ranSeconds: run.servedSeconds };
    const at = { heldSince: 0, chargedAt: 0, queue: 0, isInFront: false, place: 0 };
    const entry = { run, seconds: 0, isHolding: false, ...at, ...service };
    sink(entry);
    entries.set(run, entry);
    return entry;
  }

  function forget(run: Run): void {
    const entry = entries.get(run);
    if (entry) leave(entry);
    entries.delete(run);
  }

  function charge(now: number): void {
    holders.sort(compare);
    let hasAnySunk = false;
    for (const entry of holders) {
      const seconds = now - entry.chargedAt;
      entry.chargedAt = now;
      entry.attained += entry.run.asks.gpus * seconds;
      entry.ranSeconds += seconds;
      if (!isAtLimit(entry)) continue;
      sink(entry);
      entry.isInFront = false;
      entry.place = ++tail;
      hasAnySunk = true;
    }
    if (hasAnySunk) holders.sort(compare);
  }

  function promote(now: number): void {
    for (let first = nextPromotion(); first && first.at <= now; first = nextPromotion()) {
      promotions.pop();
      const { entry } = first;
      waiting.remove(entry);
      Object.assign(entry, { queue: 0, place: ++tail, attained: 0, ranSeconds: 0 });
      waiting.add(entry);
    }
  }

  function nextPromotion() {
    let first = promotions.first();
    while (first && (first.entry.isHolding || first.entry.place !== first.place || !entries.has(first.entry.run))) {
      promotions.pop();
      first = promotions.first();
    }
    return first;
  }

  /** A run that waits after it has run goes back to the first queue when it has waited long enough. */
  function planPromotion(entry: Entry<Run>, now: number): void {
    const { queue, place, ranSeconds } = entry;
    if (starvation === 0 || queue === 0 || ranSeconds === 0) return;
    promotions.push({ entry, place, at: now + starvation * ranSeconds, nth: promotionsPlanned++ });
  }

  return {
    wait(run, now, order) {
      const entry = entryOf(run);
      leave(entry);
      Object.assign(entry, { isHolding: false, isInFront: false, place: order ?? ++tail });
      waiting.add(entry);
      planPromotion(entry, now);
    },
    hold(run, now, order) {
      const entry = entryOf(run);
      leave(entry);
      const place = order ?? ++front;
      const heldSince = entry.isHolding ? entry.heldSince : now;
      const chargedAt = entry.isHolding ? entry.chargedAt : now;
      Object.assign(entry, { isHolding: true, isInFront: true, place, heldSince, chargedAt });
      holders.push(entry);
    },
    forget,
    deal<Place>(now: number, room: Room<Run, Place>): Deal<Run, Place> {
      charge(now);
      promote(now);
      const walk = (within: (entry: Entry<Run>) => number) => waiting.walk(within);
      const { seated, stopped, blocked, limited, nextAt } = dealAnew(holders, walk, compare, room, {
        now,
        ...settings,
      });
      endOfQuantum = nextAt;
      const deal: Deal<Run, Place> = { start: [], stop: [], resize: [], blocked, limited };
      for (const { entry, place } of seated) {
        front += 1;
        if (place === null) {
          entry.isInFront = true;
          entry.place = front;
        } else deal.start.push({ run: entry.run, place, order: front });
      }
      // Those who were in front come back before all others of their queue, in their order.
      for (const entry of stopped.toReversed()) {
        deal.stop.push({ run: entry.run, order: entry.isInFront ? --head : entry.place });
      }
      deal.stop.reverse();
      return deal;
    },
    nextAt() {
      let next = Math.min(endOfQuantum, nextPromotion()?.at ?? Number.POSITIVE_INFINITY);
      for (const { run, queue, attained, chargedAt } of holders) {
        next = Math.min(next, chargedAt + (limitOf(queue) - attained) / run.asks.gpus);
      }
      return next;
    },
  };
}

function compare<Run extends PolicyRun>(a: Entry<Run>, b: Entry<Run>): number {
  return (
    Number(a.run.isBorrowing) - Number(b.run.isBorrowing) ||
    b.run.priority - a.run.priority ||
    a.queue - b.queue ||
    Number(b.isInFront) - Number(a.isInFront) ||
    a.place - b.place
  );
}
