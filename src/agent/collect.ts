import { readFileSync, statSync } from "node:fs";
import type { Assignment, Report } from "../api/agent.ts";
import type { Ending } from "../core/run.ts";
import { keepCheckpoints, type RecordedEnd, sizeOf } from "../spool/folder.ts";
import { keptFolder, type Spool, workerFolder } from "../spool/layout.ts";

type EndedReport = Extract<Report, { kind: "ended" }>;
type Stream = EndedReport["out"];

/** Up to this size a stream travels with the report; a larger one is handed over as a file. */
const LARGEST_INLINE_BYTES = 64 * 1024;

/** What is told of an attempt whose command has ended, or never will begin. */
export function collectEnd(
  spool: Spool,
  assignment: Pick<Assignment, "attempt" | "job" | "n">,
  end: RecordedEnd | { endedAt: number; ending: Ending },
  timeLimit: boolean,
): EndedReport {
  const folder = workerFolder(spool, assignment.attempt);
  keepCheckpoints(folder, keptFolder(spool, assignment.job, assignment.n));
  return {
    kind: "ended",
    attempt: assignment.attempt,
    startedAt: "startedAt" in end ? end.startedAt : null,
    endedAt: end.endedAt,
    ending: end.ending,
    timeLimit,
    out: readStream(`${folder}/out`),
    err: readStream(`${folder}/err`),
    events: readStream(`${folder}/events.jsonl`),
    memoryPeakBytes: null,
    gpuMemoryPeakBytes: null,
  };
}

function readStream(path: string): Stream {
  const size = sizeOf(path);
  if (size === null || size === 0) return { kind: "none" };
  if (size > LARGEST_INLINE_BYTES) return { kind: "path", path };
  return { kind: "inline", base64: readFileSync(path).toString("base64") };
}

/** When something was last written to the folder: what is known of the end of a command whose launcher vanished. */
export function lastSign(folder: string): number {
  const times = ["out", "err", "events.jsonl", "pid", "begun"].map(
    (name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  return Math.round(Math.max(...times)) || Date.now();
}
