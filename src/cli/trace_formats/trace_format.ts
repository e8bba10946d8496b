import type { TraceJob } from "../../simulator/trace.ts";
import { refused } from "../trace_problem.ts";
import type { Cell } from "./cells.ts";
import type { Field } from "./field.ts";

/** Why a line is no job to simulate. A step is part of a job that has a line of its own. */
export type LeftOut = "step" | "neverRan" | "noGpus";

/** A job, and where its line says what else may be wrong with it. */
export interface FoundJob {
  job: TraceJob;
  /** Null: the line does not say. */
  idField: Field | null;
  gpusField: Field;
}

/** How a kind of trace is read, once its head is known. */
export interface TraceFormat {
  split(text: string, line: number): Cell[];
  /** @param number  of jobs before it */
  read(row: Row, number: number): FoundJob | LeftOut;
}

/** A line of a trace: as many values as the head names columns. */
export interface Row {
  cells: readonly Cell[];
  line: number;
}

export interface Column {
  /** As the head has it. */
  name: string;
  /** Its number, from 0. */
  at: number;
}

/** Finds columns by any of their names, in lower case; the others are passed over. */
export function findColumns<Wanted extends string>(
  head: Row,
  names: Readonly<Record<Wanted, readonly string[]>>,
): Partial<Record<Wanted, Column>> {
  const found: Partial<Record<Wanted, Column>> = {};
  for (const [at, { text, column }] of head.cells.entries()) {
    for (const wanted of Object.keys(names) as Wanted[]) {
      if (!names[wanted].includes(text.toLowerCase())) continue;
      const place = { line: head.line, column };
      if (found[wanted]) throw refused({ code: "column_twice", place, column: text });
      found[wanted] = { name: text, at };
    }
  }
  return found;
}

/** What a line says in a column. */
export function fieldOf({ cells, line }: Row, { name, at }: Column): Field {
  const { text, column } = cells[at] as Cell;
  return { name, text, place: { line, column } };
}
