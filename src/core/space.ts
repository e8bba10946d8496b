import type { Axis } from "./axis.ts";
import type { Exclusion } from "./exclusion.ts";

/** The combinations of parameter values that a job runs; plain JSON, stored as it is. */
export interface Space {
  /** In the order given. Every combination is a run; the last axis changes fastest. None: one combination. */
  axes: Axis[];
  /** Names that advance together; such a group stands where its first name stood. */
  zip: string[][];
  exclude: Exclusion[];
  /** Only `count` combinations of those not excluded, drawn by `seed`, in the order drawn; null: all. */
  sample: { count: number; seed: number } | null;
  /** How often each combination runs, one right after the other; from 1. */
  repeat: number;
}
