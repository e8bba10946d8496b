import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import type { Assignment } from "../core/assignment.ts";
import { higherPeaks, type Peaks, UNSEEN } from "../core/peaks.ts";
import type { Report } from "../core/report.ts";
import type { Ending } from "../core/run.ts";
import { symptomIn } from "../core/symptom.ts";
import { surveyHost } from "../platform/hardware.ts";
import type { ProcessIdentity } from "../platform/processes.ts";
import { keepCheckpoints, type RecordedEnd, sizeOf } from "./folder.ts";
import { keptFolder, type Spool, workerFolder } from "./layout.ts";

type EndedReport = Extract<Report, { kind: "ended" }>;
type Stream = EndedReport["out"];

/** Up to this size a stream travels with the report; a larger one is handed over as a file. */
const LARGEST_INLINE_BYTES = 64 * 1024;

/** Why a run failed stands at its end. */
const SYMPTOM_BYTES = 16 * 1024;

/** What is told of an attempt whose command has ended, or never will begin. */
export function collectEnd(
  spool: Spool,
  assignment: Pick<Assignment, "attempt" | "job" | "n">,
  end: RecordedEnd | { endedAt: number; ending: Ending },
  seen: { timeLimitMs: number | null; peaks: Peaks },
): EndedReport {
  const folder = workerFolder(spool, assignment.attempt);
  keepCheckpoints(folder, keptFolder(spool, assignment.job, assignment.n));
  return {
    kind: "ended",
    attempt: assignment.attempt,
    startedAt: "startedAt" in end ? end.startedAt : null,
    endedAt: end.endedAt,
    ending: end.ending,
    timeLimitMs: seen.timeLimitMs,
    out: readStream(`${folder}/out`),
    err: readStream(`${folder}/err`),
    events: readStream(`${folder}/events.jsonl`),
    symptom: failed(end.ending) ? symptomIn(lastBytes(`${folder}/err`) || lastBytes(`${folder}/out`)) : null,
    ...higherPeaks(seen.peaks, { ...UNSEEN, memoryPeakBytes: "memoryPeakBytes" in end ? end.memoryPeakBytes : null }),
  };
}

function readStream(path: string): Stream {
  const size = sizeOf(path);
  if (size === null || size === 0) return { kind: "none" };
  if (size > LARGEST_INLINE_BYTES) return { kind: "path", path };
  return { kind: "inline", base64: readFileSync(path).toString("base64") };
}

function failed(ending: Ending): boolean {
  return ending.kind === "signalled" || (ending.kind === "exited" && ending.exitCode !== 0);
}

function lastBytes(path: string): string {
  const size = sizeOf(path) ?? 0;
  if (size === 0) return "";
  const file = openSync(path, "r");
  const bytes = Buffer.alloc(Math.min(size, SYMPTOM_BYTES));
  const length = readSync(file, bytes, 0, bytes.length, size - bytes.length);
  closeSync(file);
  return bytes.toString("utf8", 0, length);
}

/** What is known of a launcher that left no word; null: not even who it was. */
export function describeLoss(folder: string, launcher: ProcessIdentity | null): string {
  if (!existsSync(folder)) return `its folder ${folder} is gone, and with it what would tell how it ended`;
  if (launcher === null) return "its launcher was killed, or the machine restarted";
  return launcher.bootId === surveyHost().bootId ? "its launcher was killed" : "the machine restarted while it ran";
}

/** When its command began, as far as the folder still tells. */
export function startSign(folder: string): number {
  return latestOf(folder, ["pid"]) ?? lastSign(folder);
}

/** When something was last written to the folder: what is known of the end of a command whose launcher vanished. */
export function lastSign(folder: string): number {
  return latestOf(folder, ["out", "err", "events.jsonl", "pid", "begun"]) ?? Date.now();
}

function latestOf(folder: string, names: string[]): number | null {
  const times = names.map((name) => statSync(`${folder}/${name}`, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return Math.round(Math.max(...times)) || null;
}
