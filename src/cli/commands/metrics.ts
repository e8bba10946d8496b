import { localTime } from "../../core/local_time.ts";
import { valueText } from "../../core/number_text.ts";
import { printable } from "../../core/printable.ts";
import { type Connection, connectToLook } from "../connect.ts";
import { writeCsvLine } from "../csv.ts";
import type { Declaration } from "../declaration.ts";
import { ownValue } from "../own_value.ts";
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

/** What a run said beside them. */
interface Said {
  run: string;
  at: number;
  text: string;
}

/** All that runs have told, in the order of the runs. */
interface Told {
  points: Point[];
  texts: Said[];
  skipped: number;
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
  const { points, texts, skipped } = await toldBy(connection, await oneTarget(connection, words));
  const names = [...new Set(points.flatMap(({ values }) => Object.keys(values)))];
  if (options.json) printJson({ points: points.map(withIso), texts: texts.map(withIso), skipped });
  else if (options.csv) await writeCsv(points, names);
  else printTold(points, texts, names);
  if (skipped > 0) note(`${skipped} lines of the events could not be read and were left out.`);
  return 0;
}

function withIso<One extends { at: number }>(one: One): Omit<One, "at"> & { at: string } {
  return { ...one, at: new Date(one.at).toISOString() };
}

async function toldBy(connection: Connection, { job, runs }: Target): Promise<Told> {
  const told: Told = { points: [], texts: [], skipped: 0 };
  for await (const page of runPages(connection, job, { range: runs, most: Number.POSITIVE_INFINITY })) {
    for (const run of page) {
      if (run.attempts === 0) continue;
      const n = Number(run.id.split(".")[1]);
      const answer = await connection.client.call("runMetrics", { params: { job, n } });
      for (const point of answer.points) told.points.push({ run: run.id, ...point });
      for (const text of answer.texts) told.texts.push({ run: run.id, ...text });
      told.skipped += answer.skipped;
    }
  }
  return told;
}

async function writeCsv(points: readonly Point[], names: readonly string[]): Promise<void> {
  await writeCsvLine(["run", "at", "step", ...names]);
  for (const { run, at, step, values } of points) {
    const cells = [run, new Date(at).toISOString(), step, ...names.map((name) => ownValue(values, name))];
    await writeCsvLine(cells);
  }
}

/** A line a point; what was said stands among them where it was said. */
function printTold(points: readonly Point[], texts: readonly Said[], names: readonly string[]): void {
  if (points.length + texts.length === 0) {
    note("No metrics so far. A script reports them with: runyard.metric(step, loss=0.3)");
    return;
  }
  const now = Date.now();
  const columns: Column[] = [
    { title: "RUN" },
    { title: "STEP", align: "right" },
    ...names.map((name): Column => ({ title: printable(name), align: "right", cuttable: true })),
    { title: "AT", optional: true },
    ...(texts.length > 0 ? [{ title: "TEXT", cuttable: true }] : []),
  ];
  const rows = inOrder(points, texts).map((one): Cell[] => [
    one.run,
    "values" in one && one.step !== null ? String(one.step) : "",
    ...names.map((name) => ("values" in one ? valueText(ownValue(one.values, name)) : "")),
    localTime(new Date(one.at).toISOString(), now),
    "text" in one ? printable(one.text) : "",
  ]);
  const table = layTable(columns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}

/** Run by run, each by its times. */
function inOrder(points: readonly Point[], texts: readonly Said[]): (Point | Said)[] {
  if (texts.length === 0) return [...points];
  const number = ({ run }: Point | Said) => Number(run.split(".")[1]);
  return [...points, ...texts].sort((a, b) => number(a) - number(b) || a.at - b.at);
}
