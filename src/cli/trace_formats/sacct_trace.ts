import { USUAL_PRIORITY } from "../../simulator/trace.ts";
import { refused } from "../trace_problem.ts";
import { type Cell, splitCsv, splitPlain } from "./cells.ts";
import { type Field, readDuration, readInstant, readWhole } from "./field.ts";
import { type Column, fieldOf, findColumns, type Row, type TraceFormat } from "./trace_format.ts";

const NAMES = {
  id: ["jobid"],
  user: ["user"],
  submit: ["submit"],
  start: ["start"],
  elapsedRaw: ["elapsedraw"],
  elapsed: ["elapsed"],
  allocated: ["alloctres"],
  requested: ["reqtres"],
} as const;

/** How an item of a list of resources begins: `gres/gpu:a100=`. */
const RESOURCE = /^[a-z][\w/:.-]*=/i;

/** Whether these are the names of fields of Slurm's `sacct`. */
export function isSacctHead(text: string): boolean {
  return splitPlain(text, separatorOf(text)).some((cell) => cell.text.toLowerCase() === "jobid");
}

/**
 * What `sacct -P` prints, or with `--delimiter=,`. Steps are part of their job, and jobs that never ran or had no GPUs are
 * left out. A job that still runs counts as long as it has run. Slurm's `Priority` is not one between users' own jobs
 * but what its own policy came to, and is passed over.
 */
export function sacctTrace(text: string, line: number): TraceFormat {
  const separator = separatorOf(text);
  const split = (text: string, line: number) =>
    separator === "|" ? splitPlain(text, "|") : joinResources(splitCsv(text, line));
  const columns = findColumns({ cells: split(text, line), line }, NAMES);
  const needed = (column: Column | undefined, ...names: string[]): Column => {
    if (column) return column;
    throw refused({ code: "no_column", place: { line, column: 1 }, names, kind: "sacct" });
  };
  const id = needed(columns.id, "JobID");
  const submit = needed(columns.submit, "Submit");
  const elapsed = needed(columns.elapsedRaw ?? columns.elapsed, "ElapsedRaw", "Elapsed");
  const resources = needed(columns.allocated ?? columns.requested, "AllocTRES", "ReqTRES");
  const { user, start, requested } = columns;

  function resourcesOf(row: Row): Field {
    const field = fieldOf(row, resources);
    return field.text === "" && requested ? fieldOf(row, requested) : field;
  }

  return {
    split,
    read(row) {
      const idField = fieldOf(row, id);
      // `123.batch`, `123.0`
      if (idField.text.includes(".")) return "step";
      const times = [submit, elapsed, ...(start ? [start] : [])].map((column) => fieldOf(row, column));
      if (times.some(({ text }) => /^(unknown|none|)$/i.test(text))) return "neverRan";
      const durationSeconds = readDuration(fieldOf(row, elapsed));
      if (durationSeconds === 0) return "neverRan";
      const gpusField = resourcesOf(row);
      const gpus = gpusIn(gpusField);
      if (gpus === 0) return "noGpus";
      const submittedAt = readInstant(fieldOf(row, submit));
      const whose = user ? fieldOf(row, user).text : "";
      const job = { id: idField.text, user: whose, gpus, submittedAt, durationSeconds, priority: USUAL_PRIORITY };
      return { job, idField, gpusField };
    },
  };
}

function separatorOf(head: string): string {
  return head.includes("|") ? "|" : ",";
}

/** In `cpu=8,gres/gpu=4,gres/gpu:a100=4` the typed ones are part of the whole, where that is told. */
function gpusIn({ name, text, place }: Field): number {
  let whole: number | null = null;
  let typed = 0;
  for (const match of text.matchAll(/(?:^|,)gres\/gpu(:[^=,]*)?=([^,]*)/g)) {
    const [item, type, count = ""] = match;
    const column = place.column + match.index + item.length - count.length;
    const value = readWhole({ name, text: count, place: { line: place.line, column } }, 0);
    if (type === undefined) whole = value;
    else typed += value;
  }
  return whole ?? typed;
}

/**
 * With commas between values, those of a list of resources fall apart, too: `cpu=8`, `gres/gpu=4`. What follows each other
 * is one list up to a resource that it has already.
 */
function joinResources(cells: readonly Cell[]): Cell[] {
  const joined: Cell[] = [];
  for (const { text, column } of cells) {
    const before = joined.at(-1);
    const resource = RESOURCE.exec(text)?.[0];
    const goesOn = resource !== undefined && before && RESOURCE.test(before.text);
    if (goesOn && !`,${before.text}`.includes(`,${resource}`)) before.text += `,${text}`;
    else joined.push({ text, column });
  }
  return joined;
}
