import type { ServerResponse } from "node:http";
import type { Run } from "../../api/run.ts";
import { csvLine, harmless } from "../../core/csv.ts";
import { isRefused, refuse } from "../../core/failure.ts";
import { isNumber } from "../../core/run_table/condition.ts";
import { type JobRow, selectJob } from "../../store/jobs.ts";
import type { Frames } from "../frames/frames.ts";
import { breathe } from "../in_slices.ts";
import { answered, type Handlers, type Yard } from "../yard.ts";
import { askedSort, askedWhere } from "./asked.ts";
import { runsAt } from "./runs_at.ts";

const SLICE_ROWS = 100;

/** What stands in every line of a CSV before the parameters. */
const head = ["run", "status", "cause", "exitCode", "machine", "attempts", "startedAt", "endedAt"] as const;

export function exportHandler(yard: Yard, frames: Frames): Handlers["exportRuns"] {
  const { store, works } = yard;

  return async ({ params, query, outgoing, signal }) => {
    const job = await selectJob(store.read, params.job);
    if (!job) return refuse({ code: "no_such_job", job: params.job });
    const { names } = await works.of(job);
    const where = askedWhere(query.where, names);
    if (isRefused(where)) return where;
    const sort = askedSort(query.sort, names);
    if (isRefused(sort)) return sort;
    const found = await frames.use(job, async ({ frame, rows }) => {
      return { columns: [...frame.names(), ...frame.leftOut()], rows: await rows(where, sort) };
    });
    if (isRefused(found)) return found;
    const { format } = query;
    outgoing.writeHead(200, {
      "content-type": format === "csv" ? "text/csv; charset=utf-8" : "application/json",
      "content-disposition": `attachment; filename="job-${job.id}.${format}"`,
    });
    const shape = format === "csv" ? csvOf(found.columns) : json;
    await writeAll(job, found.rows, shape, outgoing, signal);
    return answered;
  };

  /** What the other side is slow to read does not pile up here. */
  async function writeAll(job: JobRow, rows: Uint32Array, shape: Shape, outgoing: ServerResponse, signal: AbortSignal) {
    outgoing.write(shape.begin);
    for (let at = 0; at < rows.length && !signal.aborted; at += SLICE_ROWS) {
      const numbers = Array.from(rows.subarray(at, at + SLICE_ROWS), (row) => row + 1);
      const texts = (await runsAt(yard, job, numbers)).map(shape.line);
      const isTaken = outgoing.write(`${at === 0 ? "" : shape.between}${texts.join(shape.between)}`);
      await (isTaken ? breathe() : drained(outgoing, signal));
    }
    outgoing.end(shape.end);
  }
}

interface Shape {
  begin: string;
  line(run: Run): string;
  between: string;
  end: string;
}

const json: Shape = { begin: '{"runs":[\n', line: (run) => JSON.stringify(run), between: ",\n", end: "\n]}\n" };

function csvOf(columns: readonly string[]): Shape {
  const told = columns.filter((name) => /^(params|metrics|result)\./s.test(name));
  const commands = columns.includes("command") ? ["line", "command"] : [];
  return {
    begin: `${csvLine([...head, ...commands, ...told].map(textCell))}\r\n`,
    line: (run) =>
      csvLine([
        run.id,
        run.status,
        textCell(run.cause?.text ?? null),
        run.exitCode,
        textCell(run.machine),
        run.attempts,
        run.startedAt,
        run.endedAt,
        ...(commands.length > 0 ? [run.line, textCell(run.command)] : []),
        ...told.map((name) => textCell(toldBy(run, name))),
      ]),
    between: "\r\n",
    end: "\r\n",
  };
}

/** Parameters as they were written, metrics and results as they were told. */
function toldBy(run: Run, column: string): unknown {
  const dot = column.indexOf(".");
  const [kind, name] = [column.slice(0, dot), column.slice(dot + 1)];
  const values: Record<string, unknown> =
    kind === "params" ? run.paramsText : kind === "metrics" ? run.metrics : run.result;
  return Object.hasOwn(values, name) ? values[name] : null;
}

/** A number stays one, also where it was written as a text; other texts can do nothing to a spreadsheet. */
function textCell(value: unknown): unknown {
  return typeof value === "string" && !isNumber(value) ? harmless(value) : value;
}

function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || outgoing.destroyed) return resolve();
    outgoing.once("drain", resolve);
    outgoing.once("close", resolve);
  });
}
