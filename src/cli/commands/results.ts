import type { Run } from "../../api/run.ts";
import { counted, grouped } from "../../core/number_text.ts";
import { isMisread, wholeNumber } from "../../core/option_values.ts";
import { printable } from "../../core/printable.ts";
import { type Connection, connectToLook } from "../connect.ts";
import { writeCsvLine } from "../csv.ts";
import type { Declaration } from "../declaration.ts";
import { didYouMean } from "../nearest.ts";
import { ownValue } from "../own_value.ts";
import { pages } from "../pages.ts";
import { areOfDifferentCode, layResults, namesIn, obviousSort, sortRuns } from "../results_table.ts";
import { wrongUsage } from "../stop.ts";
import { oneTarget } from "../target.ts";
import { colours, note, outputWidth, print, printJson } from "../terminal.ts";

interface ResultsOptions {
  sort?: string;
  limit?: string;
  csv?: boolean;
  json?: boolean;
}

const USUAL = 100;
const PAGE = 1000;
/** What is sorted by a metric or a parameter is fetched whole: no more runs than this. */
const SORTED_HERE = 20_000;

export function declareResults({ command, act }: Declaration): void {
  command
    .argument("<job>", "a job by its number, or last")
    .option(
      "--sort <KEY>",
      "by a result, metric or parameter, smallest first; -KEY: largest first (default of the table: best first)",
    )
    .option("--limit <N>", `how many runs (default: ${USUAL}; with --csv and --json: all)`)
    .option("--csv", "print CSV")
    .option("--json", "print JSON");
  act(command, () => results(command.args, command.opts<ResultsOptions>()));
}

async function results(words: readonly string[], options: ResultsOptions): Promise<number> {
  if (options.csv && options.json) throw wrongUsage("--csv and --json exclude each other.");
  const most = limitFrom(options);
  const connection = await connectToLook();
  const { job, runs: range } = await oneTarget(connection, words);
  if (range) throw wrongUsage("results shows a whole job; one run is shown by: runyard show 12.3");
  const sort = options.sort ?? (options.csv || options.json ? null : await bestFirst(connection, job));
  const runs = await selectRuns(connection, job, sort, most);
  if (options.sort !== undefined) checkKey(options.sort.replace(/^-/, ""), runs);
  if (options.json) printJson({ runs });
  else if (options.csv) await writeCsv(runs);
  else await printTable(connection, job, runs);
  return 0;
}

/** A key that no run has would leave the order as it is without a word. */
function checkKey(key: string, runs: readonly Run[]): void {
  const { params, metrics, results } = namesIn(runs);
  const known = [...results, ...metrics, ...params];
  if (known.includes(key)) return;
  // As long as nothing has told anything, the key may be one that will come.
  if (metrics.length + results.length === 0) note(`No run has told a result "${printable(key)}" so far.`);
  else throw wrongUsage(`No run has a result "${key}"${didYouMean(key, known) || `. There are: ${known.join(", ")}.`}`);
}

function limitFrom({ limit, csv, json }: ResultsOptions): number {
  if (limit === undefined) return csv || json ? Number.POSITIVE_INFINITY : USUAL;
  const most = wholeNumber(limit, 1, 10_000_000);
  if (isMisread(most)) throw wrongUsage(`--limit ${limit}: ${most.misread}`);
  return most;
}

async function bestFirst({ client }: Connection, job: number): Promise<string | null> {
  const { runs } = await client.call("results", { params: { job }, query: { limit: PAGE } });
  return obviousSort(runs);
}

/** Those with the key in order, then those without one. */
async function selectRuns(connection: Connection, job: number, sort: string | null, most: number): Promise<Run[]> {
  if (sort === null) return pageThrough(connection, job, null, most);
  const key = sort.replace(/^-/, "");
  const first = await pageThrough(connection, job, sort, Math.min(PAGE, most));
  // The yard sorts by results; by what else runs have they are sorted here.
  if (!first.some(({ result }) => typeof ownValue(result, key) === "number")) {
    const all = await pageThrough(connection, job, null, Math.min(SORTED_HERE, Math.max(most, PAGE)));
    const isKnown = all.some((run) => ownValue(run.metrics, key) !== undefined || key in run.paramsText);
    if (!isKnown) return all.slice(0, most);
    return sortRuns(await pageThrough(connection, job, null, SORTED_HERE), sort).slice(0, most);
  }
  const sorted = first.length < most ? await pageThrough(connection, job, sort, most) : first;
  if (sorted.length >= most) return sorted;
  const known = new Set(sorted.map(({ id }) => id));
  const all = await pageThrough(connection, job, null, most);
  return [...sorted, ...all.filter(({ id }) => !known.has(id))].slice(0, most);
}

async function pageThrough(connection: Connection, job: number, sort: string | null, most: number): Promise<Run[]> {
  const runs: Run[] = [];
  const call = { params: { job }, query: { ...(sort !== null && { sort }) } };
  for await (const page of pages(connection, "results", call, most)) {
    runs.push(...page.runs);
    if (runs.length >= most) break;
  }
  return runs.slice(0, most);
}

async function writeCsv(runs: readonly Run[]): Promise<void> {
  const { params, metrics, results } = namesIn(runs);
  const isMixed = areOfDifferentCode(runs);
  const last = ["exit_code", "started_at", "ended_at", ...(isMixed ? ["code"] : [])];
  await writeCsvLine(["run", "status", ...params, ...results, ...metrics, ...last]);
  for (const run of runs) {
    const cells = [
      run.id,
      run.status,
      ...params.map((name) => run.paramsText[name]),
      ...results.map((name) => ownValue(run.result, name)),
      ...metrics.map((name) => ownValue(run.metrics, name)),
      run.exitCode,
      run.startedAt,
      run.endedAt,
      ...(isMixed ? [run.code] : []),
    ];
    await writeCsvLine(cells);
  }
}

async function printTable({ client }: Connection, id: number, runs: readonly Run[]): Promise<void> {
  const table = layResults(runs, outputWidth(), colours, Date.now());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
  const { job } = await client.call("showJob", { params: { job: id } });
  const left = job.runs.total - runs.length;
  if (left > 0) note(`… ${grouped(left)} more: runyard results ${id} --limit ${job.runs.total}`);
  if (areOfDifferentCode(runs)) note("Not all of these runs worked with the same code: see CODE.");
  if (table.hidden > 0) note(`${counted(table.hidden, "more column")}: runyard results ${id} --csv`);
}
