import type { TraceJob } from "../simulator/trace.ts";
import { isUnreadable, readTextFile } from "./text_file.ts";
import { splitCsv } from "./trace_formats/cells.ts";
import { csvTrace } from "./trace_formats/csv_trace.ts";
import { isSacctHead, sacctTrace } from "./trace_formats/sacct_trace.ts";
import type { TraceFormat } from "./trace_formats/trace_format.ts";
import { isTraceRefused, refused, type TraceRefused } from "./trace_problem.ts";

export interface Trace {
  jobs: TraceJob[];
  /** How many jobs the file has that are not simulated, and why. */
  leftOut: { neverRan: number; noGpus: number };
}

/** Reads a trace (`-`: stdin). It is refused whole for the first thing that is wrong. */
export async function readTraceFile(path: string, gpus: number): Promise<Trace | TraceRefused> {
  const text = await readTextFile(path);
  return isUnreadable(text) ? { problem: { code: "unreadable", reason: text.unreadable } } : parseTrace(text, gpus);
}

/**
 * The jobs of a trace, whose first line tells its format: the fields of `sacct`, or columns of CSV.
 *
 * @param gpus  what there are: a job that asks for more is refused
 */
export function parseTrace(text: string, gpus: number): Trace | TraceRefused {
  try {
    return jobsIn(text, gpus);
  } catch (error) {
    if (error instanceof Error && isTraceRefused(error)) return error;
    throw error;
  }
}

function jobsIn(text: string, gpus: number): Trace {
  const lines = text.split(/\r\n|\n|\r/);
  const headAt = lines.findIndex(isFilled);
  if (headAt === -1) throw refused({ code: "empty" });
  const head = lines[headAt] ?? "";
  const format = formatOf(head, headAt + 1);
  const width = format.split(head, headAt + 1).length;
  const jobs: TraceJob[] = [];
  const leftOut = { neverRan: 0, noGpus: 0 };
  const lineOfId = new Map<string, number>();
  for (const [i, text] of lines.entries()) {
    if (i <= headAt || !isFilled(text)) continue;
    const line = i + 1;
    const cells = format.split(text, line);
    if (cells.length !== width)
      throw refused({ code: "cells", place: { line, column: 1 }, found: cells.length, expected: width });
    const found = format.read({ cells, line }, jobs.length);
    if (found === "step") continue;
    if (typeof found === "string") {
      leftOut[found] += 1;
      continue;
    }
    const { job, idField, gpusField } = found;
    if (job.gpus > gpus) throw refused({ code: "never_fits", place: gpusField.place, asked: job.gpus, gpus });
    const before = lineOfId.get(job.id);
    if (before !== undefined && idField)
      throw refused({ code: "id_twice", place: idField.place, id: job.id, line: before });
    lineOfId.set(job.id, line);
    jobs.push(job);
  }
  if (jobs.length === 0) throw refused({ code: "no_jobs", place: { line: headAt + 1, column: 1 }, leftOut });
  return { jobs, leftOut };
}

function formatOf(head: string, line: number): TraceFormat {
  return isSacctHead(head) ? sacctTrace(head, line) : csvTrace({ cells: splitCsv(head, line), line });
}

function isFilled(line: string): boolean {
  return line.trim() !== "";
}
