import type { Because } from "./because.ts";
import { type Demand, demandKey } from "./demand.ts";

/** Why runs wait, as the policy said at its last look. Jobs with one demand in one pool share a reason. */
export interface Reasons {
  /** Forgets what was said of the pool. */
  clear(pool: string): void;
  say(pool: string, demand: Demand, because: Because): void;
  of(pool: string, demand: Demand): Because | null;
}

export function openReasons(): Reasons {
  const pools = new Map<string, Map<string, Because>>();
  return {
    clear: (pool) => pools.delete(pool),
    say(pool, demand, because) {
      const reasons = pools.get(pool) ?? new Map<string, Because>();
      reasons.set(demandKey(demand), because);
      pools.set(pool, reasons);
    },
    of: (pool, demand) => pools.get(pool)?.get(demandKey(demand)) ?? null,
  };
}
