/** The machine's time, handed in wherever time matters, so that tests bring their own. */
export interface Clock {
  /** Epoch ms, for what is written down and shown. It may be set, forward and back. */
  now(): number;
  /** Milliseconds since some moment, for how long something takes: nobody sets it. It stands still while the machine sleeps. */
  steady(): number;
}

export const systemClock: Clock = { now: () => Date.now(), steady: () => performance.now() };
