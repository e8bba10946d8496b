import type { Job } from "../../api/job.ts";
import { etaText } from "../../core/eta_text.ts";
import { age } from "../../core/local_time.ts";
import { bar, grouped } from "../../core/number_text.ts";
import { isMisread, wholeNumber } from "../../core/option_values.ts";
import { printable } from "../../core/printable.ts";
import { type Connection, connectToLook } from "../connect.ts";
import type { Declaration } from "../declaration.ts";
import { pages } from "../pages.ts";
import { statusCell } from "../statuses.ts";
import { wrongUsage } from "../stop.ts";
import { type Cell, type Column, layTable } from "../table.ts";
import { colours, note, outputWidth, print, printJson } from "../terminal.ts";

interface LsOptions {
  open?: boolean;
  all?: boolean;
  tag?: string;
  user?: string;
  search?: string;
  limit?: string;
  json?: boolean;
}

const USUAL = 30;

export function declareLs({ command, act }: Declaration): void {
  command
    .option("--open", "only jobs with runs that wait or run")
    .option("--all", `every job, not only the ${USUAL} newest`)
    .option("--tag <TAG>", "only jobs with this tag")
    .option("--user <USER>", "only this user's jobs")
    .option("--search <TEXT>", "only jobs with this in their name or command")
    .option("--limit <N>", `how many, newest first (default: ${USUAL}; with --json: all)`)
    .option("--json", "print JSON");
  act(command, () => ls(command.opts<LsOptions>()));
}

async function ls(options: LsOptions): Promise<number> {
  const most = limitFrom(options);
  const { jobs, isMore } = await selectJobs(await connectToLook(), options, most);
  if (options.json) printJson({ jobs });
  else if (jobs.length === 0) note("There are no such jobs. Submit one with: runyard run -- COMMAND");
  else printJobs(jobs);
  if (isMore && !options.json) note(`… older ones with: runyard ls --all`);
  return 0;
}

function limitFrom({ limit, all, json }: LsOptions): number {
  if (limit === undefined) return all || json ? Number.POSITIVE_INFINITY : USUAL;
  const most = wholeNumber(limit, 1, 1_000_000);
  if (isMisread(most)) throw wrongUsage(`--limit ${limit}: ${most.misread}`);
  return most;
}

async function selectJobs(
  connection: Connection,
  options: LsOptions,
  most: number,
): Promise<{ jobs: Job[]; isMore: boolean }> {
  const { tag, user, search } = options;
  const filter = {
    ...(options.open && { open: "true" as const }),
    ...(tag && { tag }),
    ...(user && { user }),
    ...(search && { search }),
  };
  const jobs: Job[] = [];
  for await (const page of pages(connection, "listJobs", { query: filter }, most)) {
    jobs.push(...page.jobs);
    if (jobs.length >= most) return { jobs: jobs.slice(0, most), isMore: jobs.length > most || page.next !== null };
  }
  return { jobs, isMore: false };
}

const columns: Column[] = [
  { title: "ID", align: "right" },
  { title: "STATE" },
  { title: "RUNS", cuttable: true },
  { title: "PROGRESS", optional: true },
  { title: "ETA", align: "right", optional: true },
  { title: "PRIO", align: "right", optional: true },
  { title: "AGE", align: "right", optional: true },
  { title: "POOL", cuttable: true },
  { title: "NAME", cuttable: true },
];

function printJobs(jobs: readonly Job[]): void {
  const now = Date.now();
  const rows = jobs.map((job): Cell[] => [
    String(job.id),
    statusCell(job.paused && job.status !== "running" && job.runs.queued > 0 ? "paused" : job.status, colours),
    countsOf(job),
    progressOf(job),
    etaText(job.remaining),
    String(job.priority),
    age(job.submittedAt, now),
    printable(job.pool),
    printable(job.name),
  ]);
  const table = layTable(columns, rows, outputWidth());
  print(colours.bold(table.head));
  for (const line of table.body) print(line);
}

/** `84 ok · 3 failed · 8 run · 5 wait`. */
function countsOf({ runs }: Job): string {
  const parts: [number, string][] = [
    [runs.succeeded, "ok"],
    [runs.failed, "failed"],
    [runs.cancelled, "cancelled"],
    [runs.skipped, "skipped"],
    [runs.running, "run"],
    [runs.queued, "wait"],
  ];
  const shown = parts.filter(([count]) => count > 0).map(([count, word]) => `${grouped(count)} ${word}`);
  return shown.join(" · ");
}

function progressOf({ runs, status }: Job): string {
  if (runs.total === 1 || (status !== "running" && status !== "queued")) return "";
  const share = runs.total === 0 ? 0 : (runs.total - runs.queued - runs.running) / runs.total;
  return `${bar(share, 10)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}
