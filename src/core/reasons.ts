import type { Because } from "./because.ts";

/** Why runs wait, as the policy said at its last look. Those of one shape in one pool share a reason. */
export interface Reasons {
  /** Forgets what was said of the pool. */
  clear(pool: string): void;
  say(pool: string, shape: string, because: Because): void;
  /** Of those of whom nothing is said for themselves. */
  sayOfOthers(pool: string, because: Because): void;
  of(pool: string, shape: string): Because | null;
}

export function openReasons(): Reasons {
  const pools = new Map<string, { shapes: Map<string, Because>; others: Because | null }>();

  function saidOf(pool: string) {
    const known = pools.get(pool) ?? { shapes: new Map<string, Because>(), others: null };
    pools.set(pool, known);
    return known;
  }

  return {
    clear: (pool) => pools.delete(pool),
    say: (pool, shape, because) => saidOf(pool).shapes.set(shape, because),
    sayOfOthers(pool, because) {
      saidOf(pool).others = because;
    },
    of(pool, shape) {
      const said = pools.get(pool);
      return said?.shapes.get(shape) ?? said?.others ?? null;
    },
  };
}
