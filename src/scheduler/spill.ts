import type { Demand } from "../core/demand.ts";
import type { OpenMachine } from "../core/open_machine.ts";
import type { AttemptId } from "../core/run.ts";

/** What was handed to a cluster and could run on other machines of its pools too. */
export interface Spilt {
  attempt: AttemptId;
  pool: string;
  demand: Demand;
}

/** Keeps account of what waits in clusters' queues while the yard's own machines may become free. */
export interface Spill {
  add(spilt: Spilt): void;
  /** It is over, or has come back. */
  remove(attempt: AttemptId): void;
  /**
   * Those that are to come back, in the order in which they were handed over: one for each place that is free for it now and
   * that nobody has been called back for. Each is named once: what has begun there meanwhile goes on.
   *
   * @param open  the machines of a pool that take runs now, their ledgers as they are after a turn's decisions
   */
  callBack(open: (pool: string) => OpenMachine[]): AttemptId[];
  /** Of those that were called, these could be: the others run already. */
  called(attempts: ReadonlySet<AttemptId>): void;
}

export function openSpill(): Spill {
  const waiting = new Map<AttemptId, Spilt>();
  const onTheirWay = new Map<AttemptId, Spilt>();

  /** Holds places for as many of them as there are, then gives all back. */
  function fitting(spilt: Iterable<Spilt>, machines: readonly OpenMachine[]): AttemptId[] {
    const held: (() => void)[] = [];
    const fit: AttemptId[] = [];
    for (const { attempt, demand } of spilt) {
      const place = machines.map(({ ledger }) => ({ ledger, slot: ledger.place(demand) })).find(({ slot }) => slot);
      if (!place?.slot) break;
      const { ledger, slot } = place;
      ledger.hold(slot);
      held.push(() => ledger.release(slot));
      fit.push(attempt);
    }
    for (const release of held) release();
    return fit;
  }

  return {
    add: (spilt) => waiting.set(spilt.attempt, spilt),
    remove(attempt) {
      waiting.delete(attempt);
      onTheirWay.delete(attempt);
    },
    callBack(open) {
      const back: AttemptId[] = [];
      for (const pool of new Set([...waiting.values()].map((spilt) => spilt.pool))) {
        const ofPool = ({ pool: its }: Spilt) => its === pool;
        const machines = open(pool);
        const own = machines.filter(({ machine }) => !machine.hasQueue);
        // Where its cluster cannot be asked it stays: whether it runs there is not known.
        const reached = new Set(machines.flatMap(({ machine }) => (machine.hasQueue ? [machine.name] : [])));
        const claimed = [...onTheirWay.values()].filter(ofPool);
        const here = [...waiting.values()].filter((spilt) => ofPool(spilt) && reached.has(spilt.demand.cluster ?? ""));
        const all = [...claimed, ...here];
        back.push(...fitting(all, own).filter((attempt) => waiting.has(attempt)));
      }
      for (const attempt of back) {
        const spilt = waiting.get(attempt);
        waiting.delete(attempt);
        if (spilt) onTheirWay.set(attempt, spilt);
      }
      return back;
    },
    called(attempts) {
      for (const attempt of onTheirWay.keys()) if (!attempts.has(attempt)) onTheirWay.delete(attempt);
    },
  };
}
