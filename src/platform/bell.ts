/** Wakes those who wait for something to happen to a key, e.g. a machine's agent for its next assignment. */
export interface Bell<Key> {
  ring(key: Key): void;
  /** How often the key has been rung: asked before one looks, so that nothing is missed between looking and waiting. */
  rings(key: Key): number;
  /**
   * Resolves true when the key is rung, at once where it has been rung more than `since` times; false after `waitMs` or
   * when `signal` aborts.
   */
  wait(key: Key, since: number, waitMs: number, signal: AbortSignal): Promise<boolean>;
}

export function openBell<Key>(): Bell<Key> {
  const waiting = new Map<Key, Set<(rung: boolean) => void>>();
  const counts = new Map<Key, number>();
  const rings = (key: Key) => counts.get(key) ?? 0;
  return {
    rings,
    ring(key) {
      counts.set(key, rings(key) + 1);
      const waiters = waiting.get(key);
      waiting.delete(key);
      for (const wake of waiters ?? []) wake(true);
    },
    wait: (key, since, waitMs, signal) =>
      new Promise((resolve) => {
        if (rings(key) > since) return resolve(true);
        const waiters = waiting.get(key) ?? new Set();
        waiting.set(key, waiters);
        const finish = (rung: boolean) => {
          clearTimeout(timer);
          signal.removeEventListener("abort", giveUp);
          waiters.delete(finish);
          resolve(rung);
        };
        const giveUp = () => finish(false);
        const timer = setTimeout(giveUp, waitMs);
        signal.addEventListener("abort", giveUp, { once: true });
        waiters.add(finish);
        if (signal.aborted) giveUp();
      }),
  };
}
