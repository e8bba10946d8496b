/** What became of one try to tell something. */
export type Outcome =
  | { kind: "told" }
  /** Why not, worded for people. `isFinal`: another try would fail alike. */
  | { kind: "failed"; why: string; isFinal: boolean };

export const told: Outcome = { kind: "told" };

export function failed(why: string, isFinal = false): Outcome {
  return { kind: "failed", why, isFinal };
}
