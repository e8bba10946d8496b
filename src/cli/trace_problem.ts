import { printable } from "../core/printable.ts";
import type { Place } from "./params_problem.ts";

/** What can be wrong with a trace. */
export type TraceProblem =
  | { code: "unreadable"; reason: string }
  | { code: "empty" }
  | { code: "no_jobs"; place: Place; leftOut: { neverRan: number; noGpus: number } }
  | { code: "no_column"; place: Place; names: readonly string[]; kind: "csv" | "sacct" }
  | { code: "column_twice"; place: Place; column: string }
  | { code: "open_quote"; place: Place }
  | { code: "cells"; place: Place; found: number; expected: number }
  | { code: "no_number"; place: Place; column: string; found: string }
  | { code: "no_share"; place: Place; column: string; found: string }
  | { code: "range"; place: Place; min: number; gpus: number; max: number }
  | { code: "no_duration"; place: Place; column: string; found: string }
  | { code: "no_instant"; place: Place; column: string; found: string }
  | { code: "too_small"; place: Place; column: string; found: number; least: number }
  | { code: "too_large"; place: Place; column: string; most: number }
  | { code: "id_twice"; place: Place; id: string; line: number }
  | { code: "never_fits"; place: Place; asked: number; gpus: number };

export interface TraceRefused {
  problem: TraceProblem;
}

export function isTraceRefused(value: object): value is TraceRefused {
  return "problem" in value;
}

/** To be thrown from wherever in a line it was found, and caught where the whole is read. */
export function refused(problem: TraceProblem): Error & TraceRefused {
  return Object.assign(new Error(problem.code), { problem });
}

/** What happened (with file, line and column), then what to do. */
export function describeTraceProblem(file: string, problem: TraceProblem): string {
  const at = "place" in problem ? `${file}:${problem.place.line}:${problem.place.column}` : file;
  return `${at}: ${wording(problem)}`;
}

const SACCT = "sacct -a -X -P -S now-30days -o JobID,User,Submit,Start,ElapsedRaw,AllocTRES";
const COLUMNS =
  "A trace is CSV; its first line names the columns: num_gpu (or num_gpus), submit_time (or timestamp) and duration." +
  ` Or what this prints: ${SACCT}`;

function wording(problem: TraceProblem): string {
  switch (problem.code) {
    case "unreadable":
      return `${problem.reason}.`;
    case "empty":
      return `the file is empty. ${COLUMNS}`;
    case "no_jobs":
      return problem.leftOut.neverRan + problem.leftOut.noGpus === 0
        ? "no job stands below the names of the columns. Write one a line."
        : `no job of this trace can be simulated: ${leftOutText(problem.leftOut)}. Export more, or another partition.`;
    case "no_column":
      return `there is no column ${problem.names.join(" (or ")}${problem.names.length > 1 ? ")" : ""}. ${
        problem.kind === "csv" ? COLUMNS : `Export the trace with: ${SACCT}`
      }`;
    case "column_twice":
      return `the column ${printable(problem.column)} stands here a second time. Leave one of the two.`;
    case "open_quote":
      return 'a quotation mark is opened here and not closed on this line. Close it, or write "" for one within a text.';
    case "cells":
      return `the line has ${problem.found} values, the first line names ${problem.expected} columns. Write one value a column.`;
    case "no_number":
      return `${problem.column} is "${printable(problem.found)}". Write a number.`;
    case "no_share":
      return `${problem.column} is "${printable(problem.found)}". Write a number from 0 to 1.`;
    case "range":
      return `the job ran with ${problem.gpus} GPUs and may have ${problem.min} to ${problem.max}. Write a range that num_gpu is in.`;
    case "no_duration":
      return `${problem.column} is "${printable(problem.found)}". Write seconds, HH:MM:SS or D-HH:MM:SS.`;
    case "no_instant":
      return `${problem.column} is "${printable(problem.found)}". Write seconds, or a date with a time from 1970 on, such as 2017-10-03 06:28:41.`;
    case "too_small":
      return `${problem.column} is ${problem.found}. It takes a whole number from ${problem.least}.`;
    case "too_large":
      return `${problem.column} is too large. It takes a number up to ${problem.most}.`;
    case "id_twice":
      return `the job ${printable(problem.id)} stands on line ${problem.line} already. Give each job an id of its own.`;
    case "never_fits":
      return `the job asks for ${problem.asked} GPUs; there are ${problem.gpus}. Simulate with --gpus ${problem.asked} or more, or leave it out.`;
  }
}

/** Jobs of a trace that are not simulated: `2 never ran, 1 had no GPUs`. Empty: there are none. */
export function leftOutText({ neverRan, noGpus }: { neverRan: number; noGpus: number }): string {
  const parts = [neverRan > 0 ? `${neverRan} never ran` : [], noGpus > 0 ? `${noGpus} had no GPUs` : []];
  return parts.flat().join(", ");
}
