/** A job has at most this many runs: each becomes a row. */
export const MAX_RUNS = 10_000_000;
