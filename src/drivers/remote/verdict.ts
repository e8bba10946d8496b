import type { Ending } from "../../core/run.ts";
import type { Symptom } from "../../core/symptom.ts";

/** What a cluster says of the end of an attempt, beside what its own launcher has left. */
export interface Verdict {
  /** How it ended where its launcher left no word. */
  ending: Ending;
  /** The limit at which Slurm ended it; null: it did not. */
  timeLimitMs: number | null;
  symptom: Symptom | null;
  /** Slurm took it back: it goes on in a new attempt. */
  isInterrupted: boolean;
}
