/** Wakes those who wait for something to happen to a key, e.g. a machine's agent for its next assignment. */
export interface Bell<Key> {
  ring(key: Key): void;
  /** Resolves true when the key is rung, false after `waitMs` or when `signal` aborts. */
  wait(key: Key, waitMs: number, signal: AbortSignal): Promise<boolean>;
}

export function openBell<Key>(): Bell<Key> {
  const waiting = new Map<Key, Set<(rung: boolean) => void>>();
  return {
    ring(key) {
      const waiters = waiting.get(key);
      waiting.delete(key);
      for (const wake of waiters ?? []) wake(true);
    },
    wait: (key, waitMs, signal) =>
      new Promise((resolve) => {
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
