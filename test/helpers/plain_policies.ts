import type { OpenPolicy, PolicyRun, PolicySettings } from "../../src/core/policies/policy.ts";

interface Entry<Run> {
  run: Run;
  left: number;
  holds: boolean;
  endsAt: number;
  queue: number;
  attained: number;
}

/**
 * The policies as their rules read, with lists that are sorted and walked anew each time: slow, and short enough to be
 * seen to be right. Without promotions of `las`; who is stopped costs nothing, and may be at any time; GPUs are counted.
 */
export function plainPolicies<Run extends PolicyRun>(
  name: string,
  { total: { gpus }, lasLimits, weights }: PolicySettings,
): OpenPolicy<Run> {
  let list: Entry<Run>[] = [];
  let dealtAt = 0;
  let now = 0;

  const keys: Record<string, (entry: Entry<Run>) => number> = {
    smallest: ({ run }) => run.asks.gpus,
    srtf: ({ left }) => left,
    srsf: ({ left, run }) => left * run.asks.gpus,
    las: ({ queue }) => queue,
    // Of runs that are not elastic.
    optimus: () => 0,
  };

  function sink(): void {
    const sunk = list.filter(({ holds, attained, queue }) => holds && attained >= limitOf(queue));
    // Which of several that sink at once is first is theirs by queue, then order: as the list stands, priority aside.
    list = [...list.filter((entry) => !sunk.includes(entry)), ...sunk];
    for (const entry of sunk) while (entry.attained >= limitOf(entry.queue)) entry.queue += 1;
  }

  function limitOf(queue: number): number {
    return lasLimits[queue] ?? Number.POSITIVE_INFINITY;
  }

  function sort(): void {
    const key = keys[name] ?? (() => 0);
    list = list.toSorted((a, b) => b.run.priority - a.run.priority || (key(a) === key(b) ? 0 : key(a) - key(b)));
  }

  function gpusOf(entries: Iterable<Entry<Run>>): number {
    return [...entries].reduce((sum, { run }) => sum + run.asks.gpus, 0);
  }

  /** Whose turn it is among those not looked at yet. */
  function nextOf(left: readonly Entry<Run>[], got: ReadonlySet<Entry<Run>>): Entry<Run> | undefined {
    if (name !== "fair-share") return left[0];
    const users = [...new Set(left.map(({ run }) => run.user))].map((user) => ({
      share: gpusOf([...got].filter(({ run }) => run.user === user)) / (weights[user] ?? 1),
      first: left.find(({ run }) => run.user === user) as Entry<Run>,
    }));
    return users.sort((a, b) => a.share - b.share || a.first.run.submitted - b.first.run.submitted)[0]?.first;
  }

  /** The entries that hold GPUs from now on. */
  function chosen(): Set<Entry<Run>> {
    const isKept = !(name in keys);
    const got = new Set<Entry<Run>>(isKept ? list.filter(({ holds }) => holds) : []);
    let free = gpus - gpusOf(got);
    let reserved: { at: number; spare: number } | null = null;
    const left = list.filter((entry) => !got.has(entry));
    /** Where one has not fitted, of those alike only such are looked at as do. */
    const blocked = new Set<string>();
    const isInTime = (entry: Entry<Run>) => reserved === null || now + entry.left <= reserved.at;
    const fits = (entry: Entry<Run>) =>
      entry.run.asks.gpus <= free && (isInTime(entry) || entry.run.asks.gpus <= (reserved?.spare ?? 0));
    const mayCome = (entry: Entry<Run>) => !blocked.has(entry.run.shape) || fits(entry);
    for (let entry = nextOf(left.filter(mayCome), got); entry; entry = nextOf(left.filter(mayCome), got)) {
      left.splice(left.indexOf(entry), 1);
      const asked = entry.run.asks.gpus;
      const endsAt = now + entry.left;
      const inTime = isInTime(entry);
      if (fits(entry)) {
        free -= asked;
        got.add(entry);
        entry.endsAt = endsAt;
        if (reserved && !inTime) reserved.spare -= asked;
        continue;
      }
      if (name === "fifo") break;
      blocked.add(entry.run.shape);
      if (!(name in keys) && reserved === null) {
        const freeAt = (at: number) => free + gpusOf([...got].filter(({ endsAt }) => endsAt <= at));
        const at = [...got]
          .map((one) => one.endsAt)
          .sort((a, b) => a - b)
          .find((at) => freeAt(at) >= asked);
        reserved = { at: at ?? Number.POSITIVE_INFINITY, spare: freeAt(at ?? Number.POSITIVE_INFINITY) - asked };
      }
    }
    return got;
  }

  return {
    wait(run) {
      if (list.some((entry) => entry.run === run)) return;
      const left = run.remainingSeconds ?? Number.POSITIVE_INFINITY;
      list.push({ run, left, holds: false, endsAt: Number.NaN, queue: 0, attained: 0 });
    },
    // As it was dealt.
    hold: () => {},
    forget(run) {
      list = list.filter((entry) => entry.run !== run);
    },
    deal<Place>(at: number) {
      now = at;
      for (const entry of list.filter(({ holds }) => holds)) {
        entry.left -= now - dealtAt;
        entry.attained += entry.run.asks.gpus * (now - dealtAt);
      }
      dealtAt = now;
      if (name === "las") sink();
      sort();
      const got = chosen();
      const stop = list.filter((entry) => entry.holds && !got.has(entry)).map(({ run }) => ({ run, order: 0 }));
      const start = list
        .filter((entry) => !entry.holds && got.has(entry))
        .map(({ run }) => ({ run, place: "somewhere" as Place, order: 0 }));
      for (const entry of list) entry.holds = got.has(entry);
      // In each queue those that run stand before those that wait.
      if (name === "las") list = [...list.filter(({ holds }) => holds), ...list.filter(({ holds }) => !holds)];
      return { stop, start, resize: [], blocked: [], limited: [] };
    },
    nextAt() {
      if (name !== "las") return Number.POSITIVE_INFINITY;
      const holding = list.filter(({ holds }) => holds);
      return Math.min(
        ...holding.map((one) => now + Math.ceil((limitOf(one.queue) - one.attained) / one.run.asks.gpus)),
      );
    },
  };
}
