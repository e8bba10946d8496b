/** A job of a trace, in whole seconds. */
export interface TraceJob {
  id: string;
  /** Whose it is; empty: the trace does not say. */
  user: string;
  gpus: number;
  submittedAt: number;
  durationSeconds: number;
  /** Higher comes first. */
  priority: number;
  /** Absent: it always runs with `gpus`. */
  elastic?: ElasticTrace | undefined;
}

/** Of a job that may run with another number of GPUs than the one its duration was measured with. */
export interface ElasticTrace {
  min: number;
  max: number;
  /** The share of its time with one GPU that more of them do not shorten, 0 to 1. */
  serial: number;
}

/** How much faster than one GPU so many are (Amdahl 1967). */
export function speedUp({ serial }: ElasticTrace, gpus: number): number {
  return 1 / (serial + (1 - serial) / gpus);
}

/** What a job has where its trace does not say. */
export const USUAL_PRIORITY = 30;
