import { type Connection, connectToLook } from "../connect.ts";
import { writeCsvLine } from "../csv.ts";
import type { Declaration } from "../declaration.ts";
import { localTime } from "../local_time.ts";
import { valueText } from "../number_text.ts";
import { ownValue } from "../own_value.ts";
import { printable } from "../printable.ts";
import { runPages } from "../run_pages.ts";
import { wrongUsage } from "../stop.ts";
import { type Cell, type Column, layTable } from "../table.ts";
import { oneTarget, type Target } from "../target.ts";
import { colours, note, outputWidth, print, printJson } from "../terminal.ts";

interface MetricsOptions {
  csv?: boolean;
  json?: boolean;
}

/** One point of a run's metrics. */
interface Point {
  run: string;
  at: number;
  step: number | null;
  values: Record<string, unknown>;
}

export function declareMetrics({ command, act }: Declaration): void {
  command
    .argument("<what>", "a run (12.3), some runs (12.1-5), or a job with all its runs (12)")
    .option("--csv", "print CSV")
    .option("--json", "print JSON");
  act(command, () => metrics(command.args, command.opts<MetricsOptions>()));
}

async function metrics(words: readonly string[], options: MetricsOptions): Promise<number> {
  if (options.csv && options.json) throw wrongUsage("--csv and --json exclude each other.");
  const connection = await connectToLook();
  const { points, skipped } = await pointsOf(connection, await oneTarget(connection, words));
  const names = [...new Set(points.flatMap(({ values }) => Object.keys(values)))];
  if (options.json) {
    printJson({ points: points.map((point) => ({ ...point, at: new Date(point.at).toISOString() })), skipped });
  } else if (options.csv) await writeCsv(points, names);
  else printPoints(points, names);
  if (skipped > 0) note(`${skipped} lines of the events could not be read and were left out.`);
  return 0;
}

async function pointsOf(connection: Connection, { job, runs }: Target): Promise<{ points: Point[]; skipped: number }> {
  const points: Point[] = [];
  let skipped = 0;
  for await (const page of runPages(connection, job, { range: runs, most: Number.POSITIVE_INFINITY })) {
    for (const run of page) {
      if (run.attempts === 0) continue;
      const n = Number(run.id.split(".")[1]);
      const answer = await connection.client.call("runMetrics", { params: { job, n } });
      for (const point of answer.points) points.push({ run: run.id, ...point });
      skipped += answer.skipped;
    }
  }
  return { points, skipped };
}

async function writeCsv(points: readonly Point[], names: readonly string[]): Promise<void> {
  await writeCsvLine(["run", "at", "step", ...names]);
  for (const { run, at, step, values } of points) {
    const cells = [run, new Date(at).toISOString(), step, ...names.map((name) => ownValue(values, name))];
    await writeCsvLine(cells);
  }
}

function printPoints(points: readonly Point[], names: readonly string[]): void {
  if (points.length === 0) {
    note("No metrics so far. A script reports them with: runyard.metric(step, loss=0.3)");
    return;
  }
  const now = Date.now();
  const columns: Column[] = [
    { title: "RUN" },
    { title: "STEP", align: "right" },
    ...names.map((name): Column => ({ title: printable(name), align: "right", cuttable: true })),
    { title: "AT", optional: true },
  ];
  const rows = points.map(({ run, at, step, values }): Cell[] => [
    run,
    step === null ? "" : String(step),
    ...names.map((name) => valueText(ownValue(values, name))),
    localTime(new Date(at).toISOString(), now),
  ]);
  const table = layTable(columns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}
