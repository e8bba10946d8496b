import type { Peaks } from "./peaks.ts";
import type { Ending } from "./run.ts";
import type { Observations } from "./run_event.ts";
import type { Symptom } from "./symptom.ts";

/** A stream as it is handed over: small ones along with the report (base64), large ones as a path to adopt. */
export type Stream = { kind: "none" } | { kind: "inline"; base64: string } | { kind: "path"; path: string };

/** What a machine tells of its attempts. */
export type Report =
  | { kind: "started"; attempt: string; at: number; pid: number }
  /** Peaks so far; null: nothing new. */
  | ({ kind: "observed"; attempt: string } & Observations & Peaks)
  | ({
      kind: "ended";
      attempt: string;
      /** Null: not known. */
      startedAt: number | null;
      endedAt: number;
      ending: Ending;
      /** The limit at which the machine itself stopped it; null: it did not. */
      timeLimitMs: number | null;
      out: Stream;
      err: Stream;
      events: Stream;
      symptom: Symptom | null;
    } & Peaks);
