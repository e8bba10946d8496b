/** Room for a number of things at once; who comes too many waits in line. */
export interface Slots {
  /** Resolves with what gives the slot back, once there is one. */
  take(): Promise<() => void>;
  /** There is less room than was thought: no more than what else has a slot now. False where there is nothing else. */
  shrink(): boolean;
  /** As much room as at first. */
  reset(): void;
}

export function openSlots(most: number): Slots {
  let limit = most;
  let taken = 0;
  const waiting: (() => void)[] = [];
  const letIn = () => {
    while (taken < limit) {
      const next = waiting.shift();
      if (next === undefined) return;
      taken += 1;
      next();
    }
  };
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
      return taken > 1;
    },
    reset() {
      limit = most;
      letIn();
    },
  };
}
