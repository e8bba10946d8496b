import type { AttemptId, JobId } from "../core/run.ts";

/** What has been committed, told to the loop and to those who watch. Told after the commit, never before. */
export type Change =
  /** Something about the job or how many of its runs wait. */
  | { kind: "job"; job: JobId }
  | { kind: "run"; job: JobId; n: number }
  /** More of the job's runs than are told one by one. */
  | { kind: "runs"; job: JobId }
  | { kind: "ended"; attempt: AttemptId; machine: number; tookMs: number | null }
  /** The machine's hardware, slots or agent. */
  | { kind: "machine"; machine: number }
  /** Attempts of the machine are to be stopped. */
  | { kind: "stop"; machine: number }
  /** Something is asked of the machine. */
  | { kind: "enquiry"; machine: number }
  | { kind: "answer"; enquiry: number }
  | { kind: "pools" }
  /** A notice is to be told, or has been tried to be. */
  | { kind: "notice"; notice: number }
  /** What needs help. */
  | { kind: "troubles" };

export interface Changes {
  tell(changes: Change[]): void;
  /** Returns what ends the subscription. */
  hear(listener: (changes: Change[]) => void): () => void;
}

export function openChanges(): Changes {
  const listeners = new Set<(changes: Change[]) => void>();
  return {
    tell(changes) {
      if (changes.length > 0) for (const listener of listeners) listener(changes);
    },
    hear(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
