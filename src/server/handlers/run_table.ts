import { openFrames } from "../frames/frames.ts";
import { curvesHandler } from "../run_table/curves_handler.ts";
import { exportHandler } from "../run_table/export_handler.ts";
import { failuresHandler } from "../run_table/failures_handler.ts";
import { tableHandlers } from "../run_table/table_handlers.ts";
import type { Handlers, Yard } from "../yard.ts";

type RunTableHandlers = Pick<Handlers, "runTable" | "runColumns" | "importance" | "exportRuns" | "curves" | "failures">;

/** A job's runs as a table, and what is drawn of it. */
export function runTableHandlers(yard: Yard): RunTableHandlers {
  const frames = openFrames(yard);
  return {
    ...tableHandlers(yard, frames),
    exportRuns: exportHandler(yard, frames),
    curves: curvesHandler(yard, frames),
    failures: failuresHandler(yard),
  };
}
