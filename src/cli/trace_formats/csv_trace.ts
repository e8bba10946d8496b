import { type ElasticTrace, USUAL_PRIORITY } from "../../simulator/trace.ts";
import { refused } from "../trace_problem.ts";
import { splitCsv } from "./cells.ts";
import { readDuration, readInstant, readShare, readWhole } from "./field.ts";
import { type Column, fieldOf, findColumns, type Row, type TraceFormat } from "./trace_format.ts";

/** As public traces have them: Tiresias' and Muri's `num_gpu` and `submit_time`, Philly's `num_gpus`, `timestamp` and `vc`. */
const NAMES = {
  gpus: ["num_gpu", "num_gpus"],
  submittedAt: ["submit_time", "timestamp"],
  duration: ["duration"],
  id: ["job_id"],
  priority: ["priority"],
  least: ["min_gpus"],
  most: ["max_gpus"],
  serial: ["serial"],
  user: ["user"],
  group: ["vc"],
} as const;

/** CSV, its columns by their names in any order. A job without `job_id` is named by its number, from 0. */
export function csvTrace(head: Row): TraceFormat {
  const columns = findColumns(head, NAMES);
  const needed = (wanted: keyof typeof NAMES): Column => {
    const column = columns[wanted];
    if (column) return column;
    throw refused({ code: "no_column", place: { line: head.line, column: 1 }, names: NAMES[wanted], kind: "csv" });
  };
  const [gpus, submittedAt, duration] = [needed("gpus"), needed("submittedAt"), needed("duration")];
  const { id, priority, serial } = columns;
  const range = columns.least || columns.most ? { least: needed("least"), most: needed("most") } : null;
  const user = columns.user ?? columns.group;

  /** Undefined: the line leaves both ends of the range empty. */
  function elasticOf(row: Row, gpus: number): ElasticTrace | undefined {
    if (!range) return undefined;
    const [least, most] = [fieldOf(row, range.least), fieldOf(row, range.most)];
    if (least.text === "" && most.text === "") return undefined;
    const [min, max] = [readWhole(least, 1), readWhole(most, 1)];
    if (min > gpus || gpus > max) throw refused({ code: "range", place: least.place, min, gpus, max });
    const share = serial && fieldOf(row, serial);
    return { min, max, serial: share && share.text !== "" ? readShare(share) : 0 };
  }

  return {
    split: splitCsv,
    read(row, number) {
      const idField = id ? fieldOf(row, id) : null;
      const gpusField = fieldOf(row, gpus);
      const whole = readWhole(gpusField, 1);
      const elastic = elasticOf(row, whole);
      const job = {
        id: idField?.text ?? String(number),
        user: user ? fieldOf(row, user).text : "",
        gpus: whole,
        submittedAt: readInstant(fieldOf(row, submittedAt)),
        durationSeconds: readDuration(fieldOf(row, duration)),
        priority: priority ? readWhole(fieldOf(row, priority), 0) : USUAL_PRIORITY,
        ...(elastic && { elastic }),
      };
      return { job, idField, gpusField };
    },
  };
}
