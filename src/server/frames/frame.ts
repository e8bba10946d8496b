import type { FailureCause, RunStatus } from "../../core/run.ts";
import { bytesOf, type Cell, type Column, emptyColumn, setCell } from "../../core/run_table/column.ts";
import { type OwnColumn, ownColumns, type Table } from "../../core/run_table/table.ts";
import type { CompiledWork } from "../../core/work.ts";
import type { RunCells } from "../../store/run_cells.ts";

/** A job's runs as columns, filled from the store. */
export interface Frame extends Table {
  /** Takes the parameters of runs `from` to `to`, which do not change. */
  takeWork(work: CompiledWork, from: number, to: number): void;
  takeCells(cells: readonly RunCells[]): void;
  /** What runs `from` to `to` are of which there is no row. */
  takeUnmade(status: RunStatus, cause: FailureCause | null, endedAt: number | null, from: number, to: number): void;
  statusOf(row: number): RunStatus;
  bytes(): number;
  /** Metrics and results for which there was no room. */
  leftOut(): string[];
}

/** Only a batch has these. */
const ofLines: ReadonlySet<OwnColumn> = new Set(["line", "command"]);

type Observed = "metrics" | "result";

/** A number takes 8 bytes. */
const CELL_BYTES = 8;
/** Parameters of a sweep, metrics and results of a run: beyond so many there is a bug, or malice. */
const MOST_COLUMNS = 2000;

/**
 * @param rows  runs of the job
 * @param mostBytes  further metrics and results are left out
 */
export function openFrame(rows: number, params: readonly string[], mostBytes: number): Frame {
  const columns = new Map<string, Column>();
  const observed: Record<Observed, Map<string, Column>> = { metrics: new Map(), result: new Map() };
  const leftOut = new Set<string>();
  for (const name of ownColumns) if (!ofLines.has(name)) columns.set(name, emptyColumn());
  for (const name of params) columns.set(`params.${name}`, emptyColumn());

  function own(name: OwnColumn): Column {
    const column = columns.get(name) ?? emptyColumn();
    columns.set(name, column);
    return column;
  }

  function countBytes(): number {
    let sum = 0;
    for (const column of columns.values()) sum += bytesOf(column);
    return sum;
  }

  /** Null: there is no room for it. */
  function observedColumn(kind: Observed, name: string): Column | null {
    const known = observed[kind].get(name);
    if (known) return known;
    const full = `${kind}.${name}`;
    if (leftOut.has(full)) return null;
    if (columns.size >= MOST_COLUMNS || countBytes() + rows * CELL_BYTES > mostBytes) {
      if (leftOut.size < MOST_COLUMNS) leftOut.add(full);
      return null;
    }
    const column = emptyColumn();
    observed[kind].set(name, column);
    columns.set(full, column);
    return column;
  }

  /** What a further attempt has not told yet, it has not: what an earlier one told is gone. */
  function takeObserved(kind: Observed, json: string | null, row: number): void {
    for (const column of observed[kind].values()) setCell(column, rows, row, null);
    const values: Record<string, Cell | boolean> = json === null ? {} : JSON.parse(json);
    for (const [name, value] of Object.entries(values)) {
      const column = observedColumn(kind, name);
      if (column) setCell(column, rows, row, typeof value === "boolean" ? String(value) : value);
    }
  }

  function takeStatus(row: number, status: RunStatus, cause: FailureCause | null, endedAt: number | null): void {
    setCell(own("status"), rows, row, status);
    setCell(own("cause"), rows, row, cause?.code ?? null);
    setCell(own("endedAt"), rows, row, endedAt);
  }

  return {
    rows,
    column: (name) => columns.get(name) ?? null,
    names: () => [...columns.keys()],
    takeWork(work, from, to) {
      for (let n = from; n <= to; n += 1) {
        setCell(own("n"), rows, n - 1, n);
        for (const [name, value] of work.values(n)) {
          const column = columns.get(`params.${name}`);
          if (column) setCell(column, rows, n - 1, parameterCell(value));
        }
        if (work.names.length > 0) continue;
        const { line, command } = work.run(n);
        if (line === null) continue;
        setCell(own("line"), rows, n - 1, line);
        setCell(own("command"), rows, n - 1, command.kind === "shell" ? command.text : command.argv.join(" "));
      }
    },
    takeCells(cells) {
      for (const one of cells) {
        const row = one.n - 1;
        if (row >= rows) continue;
        const cause = one.cause_json === null ? null : (JSON.parse(one.cause_json) as FailureCause);
        takeStatus(row, one.status, cause, one.ended_at);
        setCell(own("exitCode"), rows, row, one.exit_code);
        setCell(own("machine"), rows, row, one.machine);
        setCell(own("attempts"), rows, row, one.attempts);
        setCell(own("startedAt"), rows, row, one.started_at);
        setCell(own("took"), rows, row, tookSeconds(one));
        setCell(own("progress"), rows, row, progressOf(one.progress_json));
        takeObserved("metrics", one.metrics_json, row);
        takeObserved("result", one.result_json, row);
      }
    },
    takeUnmade(status, cause, endedAt, from, to) {
      for (let n = from; n <= to; n += 1) takeStatus(n - 1, status, cause, endedAt);
    },
    statusOf: (row) => own("status").words[(own("status").codes?.[row] ?? 0) - 1] as RunStatus,
    bytes: countBytes,
    leftOut: () => [...leftOut],
  };
}

/** What is written as a number is one, whatever else `text` says. */
function parameterCell({ text, json }: { text: string; json: string }): Cell {
  return /^-?\d/.test(json) ? Number(json) : text;
}

/** Of a run that goes on it is not known yet. */
function tookSeconds({ started_at, ended_at, served_ms }: RunCells): number | null {
  return started_at === null || ended_at === null ? null : (served_ms + ended_at - started_at) / 1000;
}

function progressOf(json: string | null): number | null {
  const { done = null, of = null } = json === null ? {} : (JSON.parse(json) as { done?: number; of?: number | null });
  return done === null || of === null || of <= 0 ? null : done / of;
}
