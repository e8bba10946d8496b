import type { Job } from "../../api/job.ts";
import type { Attempt, Run } from "../../api/run.ts";
import type { Answer } from "../../client/client.ts";
import type { Demand } from "../../core/demand.ts";
import { etaWithSource } from "../../core/eta_text.ts";
import { describeGpus } from "../../core/gpu_kind.ts";
import { localTime, runtime } from "../../core/local_time.ts";
import { grouped, valuesText } from "../../core/number_text.ts";
import { isMisread, wholeNumber } from "../../core/option_values.ts";
import { printable, printableJson } from "../../core/printable.ts";
import { formatBytes, formatDuration } from "../../core/quantity.ts";
import { runStatuses } from "../../core/run.ts";
import { type Connection, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { countsText } from "../follow/outcome.ts";
import { didYouMean } from "../nearest.ts";
import { type RunPages, runPages } from "../run_pages.ts";
import { statusCell, statusGlyph } from "../statuses.ts";
import { wrongUsage } from "../stop.ts";
import { type Cell, type Column, layTable } from "../table.ts";
import { oneTarget, type Target } from "../target.ts";
import { colours, note, outputWidth, print, write } from "../terminal.ts";
import { deliveriesText } from "./notify.ts";

interface ShowOptions {
  status?: string;
  failed?: boolean;
  limit?: string;
  json?: boolean;
}

const USUAL = 50;
/** The latest: a job that is retried tells anew. */
const MOST_NOTICES = 20;

export function declareShow({ command, act }: Declaration): void {
  command
    .argument("<what>", "a job (12), a run (12.3), some runs (12.1-5) or last")
    .option("--status <LIST>", "only runs in these states: queued,running,failed,…")
    .option("--failed", "only runs that failed")
    .option("--limit <N>", `how many runs (default: ${USUAL}; with --json: all)`)
    .option("--json", "print JSON");
  act(command, () => show(command.args, command.opts<ShowOptions>()));
}

async function show(words: readonly string[], options: ShowOptions): Promise<number> {
  const most = limitFrom(options);
  checkStatuses(options.status);
  const connection = await connectToLook();
  const target = await oneTarget(connection, words);
  const { runs } = target;
  if (runs && runs.first === runs.last && words[0]?.includes("-") === false) {
    return showRun(connection, target.job, runs.first, options);
  }
  return showJob(connection, target, options, most);
}

function limitFrom({ limit, json }: ShowOptions): number {
  if (limit === undefined) return json ? Number.POSITIVE_INFINITY : USUAL;
  const most = wholeNumber(limit, 0, 10_000_000);
  if (isMisread(most)) throw wrongUsage(`--limit ${limit}: ${most.misread}`);
  return most;
}

function checkStatuses(text: string | undefined): void {
  const unknown = text?.split(",").find((one) => !runStatuses.some((status) => status === one));
  if (unknown === undefined) return;
  const meant = didYouMean(unknown, runStatuses) || `. There are: ${runStatuses.join(", ")}.`;
  throw wrongUsage(`--status: there is no state "${unknown}"${meant}`);
}

async function showJob(
  connection: Connection,
  { job: id, runs }: Target,
  options: ShowOptions,
  most: number,
): Promise<number> {
  const status = options.failed ? "failed" : options.status;
  const { job, definition } = await connection.client.call("showJob", { params: { job: id } });
  const pages = runPages(connection, id, { range: runs, most, ...(status !== undefined && { status }) });
  if (options.json) return writeJson(job, pages);
  printJob(job, definition, await deliveriesOf(connection, id));
  let shown = 0;
  for await (const page of pages) {
    shown += page.length;
    if (page.length > 0) printRuns(page);
  }
  if (status !== undefined && shown === 0) note(`No run is ${status.replaceAll(",", " or ")}.`);
  const total = runs ? Math.min(runs.last, job.runs.total) - runs.first + 1 : job.runs.total;
  if (status === undefined && total > shown)
    note(`… ${grouped(total - shown)} more: runyard show ${id} --limit ${total}`);
  else if (status !== undefined && shown === most) note("… there may be more: see --limit");
  return 0;
}

/** Piece by piece: a job may have a million runs. */
async function writeJson(job: Job, pages: RunPages): Promise<number> {
  await write(process.stdout, `{"job":${printableJson(job)},"runs":[`);
  let separator = "";
  for await (const page of pages) {
    if (page.length === 0) continue;
    await write(process.stdout, separator + page.map(printableJson).join(","));
    separator = ",";
  }
  await write(process.stdout, "]}\n");
  return 0;
}

/** Who has been told of its ends, and who not yet; of others' jobs nothing is known. */
async function deliveriesOf(connection: Connection, job: number): Promise<string> {
  const { notices } = await connection.client.call("listNotices", { query: { job, limit: MOST_NOTICES } });
  return deliveriesText(notices.toReversed());
}

function printJob(job: Job, definition: Record<string, unknown>, deliveries: string): void {
  const now = Date.now();
  print(`${statusGlyph(job.status, colours)} ${colours.bold(`Job ${job.id}`)}  ${printable(job.name)}`);
  const rows: [string, string][] = [
    ["state", `${job.status}${job.paused ? ", paused" : ""}: ${countsText(job)}`],
    ["command", printable(job.command)],
    ["folder", printable(String(definition["cwd"] ?? ""))],
    ["ETA", job.remaining ? etaWithSource(job.remaining) : ""],
    ["asks for", demandText(definition["demand"])],
    ["pool", `${printable(job.pool)}, priority ${job.priority}`],
    ["after", job.after.map(({ job: id, any }) => `${id}${any ? " (any end)" : ""}`).join(", ")],
    ["limits", limitsText(definition)],
    ["code", codeText(definition)],
    ["output", printable(String(definition["out"] ?? ""))],
    ["tags", printable(job.tags.join(", "))],
    ["submitted", `${localTime(job.submittedAt, now)} by ${printable(job.user)}`],
    ["ended", job.endedAt === null ? "" : localTime(job.endedAt, now)],
    ["notify", wishesText(definition)],
    ["notices", deliveries],
  ];
  printFacts(rows);
  print("");
}

function printFacts(rows: readonly [string, string][]): void {
  for (const [name, value] of rows) if (value !== "") print(`  ${colours.dim(name.padEnd(11))} ${value}`);
}

function demandText(demand: unknown): string {
  const {
    gpuKind,
    cpus,
    memoryBytes,
    workers = 1,
    mostWorkers = workers,
    ...asked
  } = (demand ?? {}) as Partial<Demand>;
  const gpus = asked.gpus ?? (gpuKind ? 1 : null);
  const parts = [];
  if (typeof gpus === "number") parts.push(gpus === 0 ? "no GPU" : printable(describeGpus(gpus, gpuKind)));
  if (typeof cpus === "number") parts.push(`${cpus} core${cpus === 1 ? "" : "s"}`);
  if (typeof memoryBytes === "number") parts.push(`${formatBytes(memoryBytes)} memory`);
  const each = parts.join(", ");
  if (mostWorkers === 1) return each;
  const count = mostWorkers > workers ? `${workers} to ${mostWorkers} workers` : `${workers} workers`;
  return each === "" ? count : `${count} with ${each} each`;
}

function limitsText(definition: Record<string, unknown>): string {
  const { retries, timeLimitMs, expectedMs, atMost, resumable } = definition;
  const parts = [];
  if (typeof retries === "number" && retries > 0) parts.push(`${retries} retries`);
  if (typeof timeLimitMs === "number") parts.push(`${formatDuration(timeLimitMs)} a run`);
  if (typeof expectedMs === "number") parts.push(`${formatDuration(expectedMs)} expected`);
  if (typeof atMost === "number") parts.push(`${atMost} at once`);
  if (resumable === true) parts.push("resumable");
  return parts.join(", ");
}

function wishesText({ notify }: Record<string, unknown>): string {
  return Array.isArray(notify) ? printable(notify.join(", ")) : "";
}

function codeText({ snapshot, commit }: Record<string, unknown>): string {
  const parts = [];
  if (typeof snapshot === "string") parts.push(`snapshot ${snapshot.slice(0, 12)}`);
  if (typeof commit === "string") parts.push(`commit ${printable(commit.replace(/^([0-9a-f]{12})[0-9a-f]*/, "$1"))}`);
  return parts.join(", ");
}

const runColumns: Column[] = [
  { title: "RUN" },
  { title: "STATE" },
  { title: "TIME", align: "right" },
  { title: "WHERE", cuttable: true, optional: true },
  { title: "WHAT", cuttable: true },
  { title: "NOTE", cuttable: true },
];

function printRuns(runs: readonly Run[]): void {
  const now = Date.now();
  const rows = runs.map((run): Cell[] => [
    run.id,
    statusCell(run.status, colours),
    runtime(run, now),
    wheresOf(run),
    printable(paramsOf(run) || run.command),
    run.cause ? printable(run.cause.text) : valuesText(Object.keys(run.result).length > 0 ? run.result : run.metrics),
  ]);
  const table = layTable(runColumns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}

function paramsOf(run: Run): string {
  return Object.entries(run.paramsText)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function whereOf({ machine, gpus }: Pick<Run, "machine" | "gpus">): string {
  if (machine === null) return "";
  return printable(gpus.length > 0 ? `${machine} GPU ${gpus.join(",")}` : machine);
}

/** Of several workers all their machines. */
function wheresOf(run: Run): string {
  return run.workers.length > 1 ? [...new Set(run.workers.map(whereOf))].join(", ") : whereOf(run);
}

async function showRun(connection: Connection, job: number, n: number, options: ShowOptions): Promise<number> {
  const answer = await connection.client.call("showRun", { params: { job, n } });
  if (options.json) await write(process.stdout, `${printableJson(answer)}\n`);
  else printRun(answer);
  return 0;
}

function printRun({ run, attempts, checkpoints }: Answer<"showRun">): void {
  const now = Date.now();
  print(`${statusGlyph(run.status, colours)} ${colours.bold(`Run ${run.id}`)}  ${printable(run.name)}`);
  const took = runtime(run, now);
  printFacts([
    [
      "state",
      `${run.status}${took === "" ? "" : ` after ${took}`}${run.cause ? `: ${printable(run.cause.text)}` : ""}`,
    ],
    ["command", printable(run.command)],
    ["line", run.line === null ? "" : String(run.line)],
    ["params", printable(paramsOf(run))],
    ["where", wheresOf(run)],
    ["in Slurm", printable(attempts.at(-1)?.ticket ?? "")],
    ["progress", run.progress ? `${run.progress.done}${run.progress.of === null ? "" : ` of ${run.progress.of}`}` : ""],
    ["ETA", run.remaining ? etaWithSource(run.remaining) : ""],
    ["metrics", valuesText(run.metrics)],
    ["result", valuesText(run.result)],
    ["memory", run.memoryPeakBytes === null ? "" : `${formatBytes(run.memoryPeakBytes)} at its peak`],
    ["GPU memory", run.gpuMemoryPeakBytes === null ? "" : `${formatBytes(run.gpuMemoryPeakBytes)} at its peak`],
    ["code", run.code === null ? "" : printable(run.code.slice(0, 12))],
    ["files", printable(attempts.findLast(({ results }) => results !== null)?.results ?? "")],
    ["stays", printable(attempts.findLast(({ stays }) => stays !== null)?.stays ?? "")],
    ["checkpoints", printable(checkpoints ?? "")],
    ["started", run.startedAt === null ? "" : localTime(run.startedAt, now)],
    ["ended", run.endedAt === null ? "" : localTime(run.endedAt, now)],
  ]);
  if (run.workers.length > 1) printWorkers(run.workers);
  if (attempts.length > 1) printAttempts(attempts, now);
}

function printWorkers(workers: Run["workers"]): void {
  const columns: Column[] = [
    { title: "WORKER", align: "right" },
    { title: "STATE" },
    { title: "WHERE", cuttable: true },
    { title: "EXIT CODE", align: "right" },
    { title: "FILES", cuttable: true, optional: true },
  ];
  const rows = workers.map((worker): Cell[] => [
    String(worker.rank),
    statusCell(worker.status, colours),
    whereOf(worker),
    worker.exitCode === null ? "" : String(worker.exitCode),
    printable(worker.results ?? ""),
  ]);
  const table = layTable(columns, rows, outputWidth());
  print("");
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}

function printAttempts(attempts: readonly Attempt[], now: number): void {
  const columns: Column[] = [
    { title: "TRY", align: "right" },
    { title: "ATTEMPT" },
    { title: "WHERE", cuttable: true },
    ...(attempts.some(({ ticket }) => ticket !== null) ? [{ title: "IN SLURM" }] : []),
    { title: "TIME", align: "right" },
    { title: "ENDED AS", cuttable: true },
  ];
  const rows = attempts.map((attempt) => [
    String(attempt.try),
    attempt.id,
    printable(attempt.machine ?? ""),
    ...(columns.length > 5 ? [printable(attempt.ticket ?? "")] : []),
    runtime(attempt, now),
    printable([attempt.cause?.text ?? attempt.status, attempt.stopReason].filter(Boolean).join(", ")),
  ]);
  const table = layTable(columns, rows, outputWidth());
  print("");
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}
