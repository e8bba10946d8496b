import { basename } from "node:path";
import { counted } from "../core/number_text.ts";
import { isMisread, wholeNumber } from "../core/option_values.ts";
import { syntheticTrace } from "../simulator/synthetic.ts";
import type { TraceJob } from "../simulator/trace.ts";
import { wrongUsage } from "./stop.ts";
import { note } from "./terminal.ts";
import { readTraceFile } from "./trace_file.ts";
import { describeTraceProblem, isTraceRefused, leftOutText } from "./trace_problem.ts";

/** How a trace may be made. */
export interface TraceOptions {
  /** Undefined: none is made, a file is read. */
  jobs?: string;
  seed?: string;
  load?: string;
  elastic?: string;
}

interface ChosenTrace {
  jobs: TraceJob[];
  /** What it is, for people: `philly-992.csv: 992 jobs`. */
  title: string;
}

/**
 * The trace to simulate: read from a file (`-`: stdin), or made. Says on stderr which jobs are left out.
 *
 * @param gpus  what there are: no job may ask for more
 */
export async function chooseTrace(path: string | undefined, options: TraceOptions, gpus: number): Promise<ChosenTrace> {
  if (path === undefined) return madeTrace(options, gpus);
  for (const name of ["jobs", "seed", "load", "elastic"] as const) {
    if (options[name] !== undefined)
      throw wrongUsage(`--${name} makes a trace, and ${path} is one. Leave out one of the two.`);
  }
  const name = path === "-" ? "stdin" : path;
  const trace = await readTraceFile(path, gpus);
  if (isTraceRefused(trace)) throw wrongUsage(describeTraceProblem(name, trace.problem));
  const { jobs, leftOut } = trace;
  const without = leftOutText(leftOut);
  if (without !== "") note(`${name}: ${counted(jobs.length, "job")}; left out: ${without}.`);
  return { jobs, title: `${basename(name)}: ${counted(jobs.length, "job")}` };
}

function madeTrace(options: TraceOptions, gpus: number): ChosenTrace {
  if (options.jobs === undefined)
    throw wrongUsage(
      "Which jobs? Name the file of a trace, or have some made: --jobs 500; or replay what the yard has run: --from-history 30d.",
    );
  const jobs = whole("jobs", options.jobs, 1, 1_000_000);
  const seed = whole("seed", options.seed ?? "1", 0, Number.MAX_SAFE_INTEGER);
  const load = loadFrom(options.load ?? "0.9");
  const elastic = shareFrom(options.elastic ?? "0");
  return {
    jobs: syntheticTrace({ seed, jobs, gpus, load, elastic }),
    title: `${counted(jobs, "made job")} (seed ${seed}, load ${load}${elastic > 0 ? `, elastic ${elastic}` : ""})`,
  };
}

function whole(option: string, text: string, least: number, most: number): number {
  const value = wholeNumber(text, least, most);
  if (isMisread(value)) throw wrongUsage(`--${option} ${text}: ${value.misread}`);
  return value;
}

function loadFrom(text: string): number {
  const load = /^\d{1,3}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (load >= 0.05 && load <= 20) return load;
  throw wrongUsage(`--load ${text}: It takes a number from 0.05 to 20. 0.9: the jobs need nine tenths of the GPUs.`);
}

function shareFrom(text: string): number {
  const share = /^[01](\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (share <= 1) return share;
  throw wrongUsage(
    `--elastic ${text}: It takes a number from 0 to 1. 0.5: half of the jobs may have more GPUs or fewer.`,
  );
}
