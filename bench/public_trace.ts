import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseTrace } from "../src/cli/trace_file.ts";
import type { TraceJob } from "../src/simulator/trace.ts";

/** One of examples/traces/, as it is on so many GPUs. */
export function publicTrace(file: string, gpus: number): TraceJob[] {
  const path = fileURLToPath(new URL(`../examples/traces/${file}`, import.meta.url));
  const trace = parseTrace(readFileSync(path, "utf8"), gpus);
  if ("problem" in trace) throw new Error(trace.problem.code);
  return trace.jobs;
}
