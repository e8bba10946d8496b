import { closeSync, fstatSync, readFileSync, readSync } from "node:fs";
import { higherPeaks, type Peaks, UNSEEN } from "../core/peaks.ts";
import type { Report } from "../core/report.ts";
import type { Ending } from "../core/run.ts";
import { symptomIn } from "../core/symptom.ts";
import { surveyHost } from "../platform/hardware.ts";
import type { ProcessIdentity } from "../platform/processes.ts";
import { fileAt, openFile, type RecordedEnd } from "./folder.ts";
import { type Spool, workerFolder } from "./layout.ts";

type EndedReport = Extract<Report, { kind: "ended" }>;
type Stream = EndedReport["out"];

/** Up to this size a stream travels with the report; a larger one is handed over as a file. */
const LARGEST_INLINE_BYTES = 64 * 1024;

/** Why a run failed stands at its end. */
const SYMPTOM_BYTES = 16 * 1024;

/** What is told of an attempt whose command has ended, or never will begin. */
export function collectEnd(
  spool: Spool,
  attempt: string,
  end: RecordedEnd | { endedAt: number; ending: Ending },
  seen: { timeLimitMs: number | null; peaks: Peaks },
): EndedReport {
  const folder = workerFolder(spool, attempt);
  return {
    kind: "ended",
    attempt,
    startedAt: "startedAt" in end ? end.startedAt : null,
    endedAt: end.endedAt,
    ending: end.ending,
    timeLimitMs: seen.timeLimitMs,
    out: readStream(`${folder}/out`),
    err: readStream(`${folder}/err`),
    events: readStream(`${folder}/events.jsonl`),
    symptom: failed(end.ending) ? symptomIn(lastText(`${folder}/err`) || lastText(`${folder}/out`)) : null,
    ...higherPeaks(seen.peaks, { ...UNSEEN, memoryPeakBytes: "memoryPeakBytes" in end ? end.memoryPeakBytes : null }),
  };
}

function readStream(path: string): Stream {
  const size = fileAt(path)?.size ?? 0;
  if (size === 0) return { kind: "none" };
  if (size > LARGEST_INLINE_BYTES) return { kind: "path", path };
  const file = openFile(path);
  if (file === null) return { kind: "none" };
  try {
    return { kind: "inline", base64: readFileSync(file).toString("base64") };
  } finally {
    closeSync(file);
  }
}

function failed(ending: Ending): boolean {
  return ending.kind === "signalled" || (ending.kind === "exited" && ending.exitCode !== 0);
}

function lastText(path: string): string {
  const file = openFile(path);
  if (file === null) return "";
  const { size } = fstatSync(file);
  const bytes = Buffer.alloc(Math.min(size, SYMPTOM_BYTES));
  const length = readSync(file, bytes, 0, bytes.length, size - bytes.length);
  closeSync(file);
  return bytes.toString("utf8", 0, length);
}

/** Of an attempt that has begun, as the yard knows, or whose command was seen, and whose folder says nothing of that. */
export const FOLDER_GONE = "its folder in the spool was removed, or the machine restarted";

/** What is known of a launcher that left no word; null: not even who it was. */
export function describeLoss(launcher: ProcessIdentity | null): string {
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
  const times = names.map((name) => fileAt(`${folder}/${name}`)?.mtimeMs ?? 0);
  return Math.round(Math.max(...times)) || null;
}
