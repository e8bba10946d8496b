import type { Peaks } from "./peaks.ts";
import type { Ending } from "./run.ts";
import type { Observations } from "./run_event.ts";
import type { Symptom } from "./symptom.ts";

/** A stream as it is handed over: small ones along with the report (base64), large ones as a path to adopt. */
export type Stream = { kind: "none" } | { kind: "inline"; base64: string } | { kind: "path"; path: string };

/** Where on a cluster an attempt is. */
export interface Seat {
  node: string;
  /** As its CUDA_VISIBLE_DEVICES says. */
  gpus: string[];
}

/** What a machine tells of its attempts. */
export type Report =
  /** `seat`: where on its cluster it is. */
  | { kind: "started"; attempt: string; at: number; pid: number; seat?: Seat | undefined }
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
      /** Its cluster took it back, or warned it of its end: it goes on in a new attempt. */
      isInterrupted?: boolean | undefined;
      /** Where on its cluster it was. */
      seat?: Seat | undefined;
      out: Stream;
      err: Stream;
      events: Stream;
      symptom: Symptom | null;
    } & Peaks);
