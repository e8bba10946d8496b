/** The machine's time, handed in wherever time matters, so that tests bring their own. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
