import { dealAnew } from "./dealt_anew.ts";
import type { Deal, OpenPolicy, PolicyRun, PolicySettings, Room } from "./policy.ts";
import { openWaitingList } from "./waiting_list.ts";

interface Entry<Run> {
  run: Run;
  seconds: number;
  key: number;
  /** Since when it has this key, among others with the same: it stands behind those that had it before. */
  since: number;
  isHolding: boolean;
  heldSince: number;
  chargedAt: number;
  remainingSeconds: number;
}

/**
 * All places are dealt anew each time: by priority, then by the least `key`; what does not fit is skipped. Equal keys keep
 * their order of the time before, new runs behind them: whoever comes to a key stands behind those that had it.
 *
 * @param key  of a run that asks for so many GPUs and has so many seconds to go (Infinity: not known)
 */
export function openByKey<Run extends PolicyRun>(
  settings: PolicySettings,
  key: (gpus: number, remainingSeconds: number) => number,
): OpenPolicy<Run> {
  const entries = new Map<Run, Entry<Run>>();
  const waiting = openWaitingList<Run, Entry<Run>>(compare);
  /** In order, but for those that hold a place since they were last sorted: they stand behind the others. */
  const holders: Entry<Run>[] = [];
  let isSorted = true;
  let stamps = 0;
  let chargedAt = Number.NEGATIVE_INFINITY;
  let nextAt = Number.POSITIVE_INFINITY;

  function forget(run: Run): void {
    const entry = entries.get(run);
    if (!entry) return;
    if (entry.isHolding) holders.splice(holders.indexOf(entry), 1);
    else waiting.remove(entry);
    entries.delete(run);
  }

  function enter(run: Run, now: number, order: number | undefined, isHolding: boolean): Entry<Run> {
    const before = entries.get(run);
    forget(run);
    const remainingSeconds = run.remainingSeconds ?? Number.POSITIVE_INFINITY;
    const entry = {
      run,
      seconds: 0,
      key: key(run.asks.gpus, remainingSeconds),
      since: order ?? stamps++,
      isHolding,
      heldSince: before?.isHolding ? before.heldSince : now,
      chargedAt: now,
      remainingSeconds,
    };
    entries.set(run, entry);
    return entry;
  }

  /** Brings what holds places up to `now`, keys and order. To stop it costs something: so much later would it end. */
  function charge(now: number): void {
    if (now === chargedAt) return;
    chargedAt = now;
    sort();
    for (const entry of holders) {
      entry.remainingSeconds -= now - entry.chargedAt;
      entry.chargedAt = now;
      const newKey = key(entry.run.asks.gpus, Math.max(0, entry.remainingSeconds - settings.preemptCostSeconds));
      if (newKey === entry.key) continue;
      entry.key = newKey;
      entry.since = stamps++;
      isSorted = false;
    }
    sort();
  }

  function sort(): void {
    if (!isSorted) holders.sort(compare);
    isSorted = true;
  }

  return {
    wait(run, now, order) {
      // Who is new stands behind those who have come to the same key by now.
      charge(now);
      waiting.add(enter(run, now, order, false));
    },
    hold(run, now, order) {
      holders.push(enter(run, now, order, true));
      isSorted = false;
    },
    forget,
    deal<Place>(now: number, room: Room<Run, Place>): Deal<Run, Place> {
      charge(now);
      sort();
      const walk = (within: (entry: Entry<Run>) => number) => waiting.walk(within);
      const dealt = dealAnew(holders, walk, compare, room, { now, ...settings });
      nextAt = dealt.nextAt;
      const deal: Deal<Run, Place> = {
        start: [],
        stop: [],
        resize: [],
        blocked: dealt.blocked,
        limited: dealt.limited,
      };
      for (const { entry, place } of dealt.seated) {
        if (place !== null) deal.start.push({ run: entry.run, place, order: entry.since });
      }
      for (const { run, since } of dealt.stopped) deal.stop.push({ run, order: since });
      return deal;
    },
    nextAt: () => nextAt,
  };
}

function compare<Run extends PolicyRun>(a: Entry<Run>, b: Entry<Run>): number {
  const byRank = Number(a.run.isBorrowing) - Number(b.run.isBorrowing) || b.run.priority - a.run.priority;
  // Those that started as one of many alike have come to their key together.
  return byRank || (a.key === b.key ? a.since - b.since || a.run.submitted - b.run.submitted : a.key - b.key);
}
