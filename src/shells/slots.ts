/** Room for a number of things at once; who comes too many waits in line. */
export interface Slots {
  /** Resolves with what gives the slot back, once there is one. */
  take(): Promise<() => void>;
  /**
   * There is less room than was thought: no more than what else has a slot now. False where there is nothing else. It may be
   * others who take it for a while, so more is tried again later.
   */
  shrink(): boolean;
  /** As much room as at first. */
  reset(): void;
}

const GROW_MS = 5000;

export function openSlots(most: number): Slots {
  let limit = most;
  let taken = 0;
  let growing: NodeJS.Timeout | undefined;
  const waiting: (() => void)[] = [];
  const letIn = () => {
    while (taken < limit) {
      const next = waiting.shift();
      if (next === undefined) return;
      taken += 1;
      next();
    }
  };
  function grow(): void {
    limit += 1;
    letIn();
    if (limit < most) growing?.refresh();
  }
  return {
    take: () =>
      new Promise((resolve) => {
        let given = true;
        const giveBack = () => {
          if (!given) return;
          given = false;
          taken -= 1;
          letIn();
        };
        waiting.push(() => resolve(giveBack));
        letIn();
      }),
    shrink() {
      limit = Math.max(1, Math.min(limit, taken - 1));
      clearTimeout(growing);
      growing = setTimeout(grow, GROW_MS).unref();
      return taken > 1;
    },
    reset() {
      clearTimeout(growing);
      limit = most;
      letIn();
    },
  };
}
