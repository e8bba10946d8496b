import type { Job } from "../api/job.ts";
import type { Attempt, Run } from "../api/run.ts";
import { commandLine } from "../core/command_line.ts";
import type { Slot } from "../core/demand.ts";
import type { Remaining } from "../core/estimates/remaining.ts";
import { type Code, jobStatus } from "../core/job.ts";
import { describeCause, type Ending, exitCodeOf, type FailureCause, type JobId, type RunStatus } from "../core/run.ts";
import { ticketText } from "../core/slurm.ts";
import type { CompiledWork } from "../core/work.ts";
import type { AttemptRow } from "../store/attempts.ts";
import type { JobRow } from "../store/jobs.ts";
import type { RunRow } from "../store/runs.ts";

/** Rows as the API shows them. */

export function isoOf(at: number): string;
export function isoOf(at: number | null): string | null;
export function isoOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}

export function presentJob(
  job: JobRow,
  after: readonly { job: number; any: boolean }[],
  remaining: Remaining | null,
  best: Job["best"],
): Job {
  return {
    id: job.id,
    name: job.name,
    user: job.user,
    status: jobStatus(job.counts),
    paused: job.paused,
    pool: job.pool,
    priority: job.priority,
    command: job.command === null ? "(a command a line)" : commandLine(JSON.parse(job.command)),
    submittedAt: isoOf(job.submittedAt),
    endedAt: isoOf(job.endedAt),
    tags: job.tags,
    after: after.map(({ job: id, any }) => ({ job: id, any })),
    remaining: job.endedAt === null ? remaining : null,
    runs: job.counts,
    best,
  };
}

/** A run that has no row yet waits, or ended with its job before it was made. */
export function absentRun(job: JobRow, n: number): RunRow {
  const status = job.endedAt === null ? "queued" : "cancelled";
  return {
    job_id: job.id as JobId,
    n,
    status,
    tries: 0,
    attempts: 0,
    attempt_id: null,
    machine: null,
    cause_json: null,
    exit_code: null,
    started_at: null,
    ended_at: null,
    progress_json: null,
    metrics_json: null,
    result_json: null,
    code_json: null,
    served_ms: 0,
  };
}

/** @param workers  of its latest attempt, by rank; none where it has no row of its own */
export function presentRun(
  job: JobRow,
  row: RunRow,
  work: CompiledWork,
  workers: readonly NamedWorker[],
  remaining: Remaining | null,
): Run {
  const { command, values, line } = work.run(row.n);
  const [attempt = null, ...mates] = workers.map((worker) => worker.row);
  const code: Code = row.code_json === null ? job.plan : JSON.parse(row.code_json);
  const cause = row.cause_json === null ? null : (JSON.parse(row.cause_json) as FailureCause);
  const isOver = row.status !== "starting" && row.status !== "running";
  const exitCode = isOver ? row.exit_code : null;
  const gpus = attempt && row.status !== "queued" ? gpusOf(attempt) : [];
  // The only worker is as its run is, which remembers a machine that has been removed.
  const { status, machine } = row;
  const only = attempt && { rank: 0, attempt: attempt.id, machine, gpus, status, exitCode, results: null };
  const shown = only && mates.length === 0 ? [only] : workers.map(presentWorker);
  return {
    id: `${job.id}.${row.n}`,
    name: job.name,
    line,
    status: row.status,
    params: Object.fromEntries(values.map(([name, value]) => [name, JSON.parse(value.json)])),
    paramsText: Object.fromEntries(values.map(([name, value]) => [name, value.text])),
    command: commandLine(command),
    exitCode,
    cause: cause && { code: cause.code, text: describeCause(cause) },
    attempts: row.attempts,
    pool: job.pool,
    machine: row.machine,
    gpus,
    workers: row.attempts > 0 ? shown : [],
    progress: row.progress_json === null ? null : JSON.parse(row.progress_json),
    remaining: row.status === "running" ? remaining : null,
    metrics: row.metrics_json === null ? {} : JSON.parse(row.metrics_json),
    result: row.result_json === null ? {} : JSON.parse(row.result_json),
    code: attempt?.snapshot ?? code.snapshot ?? code.commit,
    gpuMemoryPeakBytes: attempt?.gpu_memory_peak_bytes ?? null,
    memoryPeakBytes: attempt?.memory_peak_bytes ?? null,
    startedAt: isoOf(row.started_at),
    endedAt: isoOf(row.ended_at),
  };
}

/** A worker, and the machine that it is on; null: it has been removed. */
export interface NamedWorker {
  row: AttemptRow;
  machine: string | null;
}

function presentWorker({ row, machine }: NamedWorker): Run["workers"][number] {
  const ending = row.ending_json === null ? null : (JSON.parse(row.ending_json) as Ending);
  const exitCode = ending && exitCodeOf(ending);
  const { rank, id: attempt } = row;
  return {
    rank,
    attempt,
    machine: nodeOf(row) ?? machine,
    gpus: gpusOf(row),
    status: workerStatus(row, ending),
    exitCode,
    results: null,
  };
}

/** Of one among others: it may have ended while its run goes on. */
function workerStatus({ status, stop_reason }: AttemptRow, ending: Ending | null): RunStatus {
  if (ending === null) return status === "running" ? "running" : "starting";
  if (ending.kind === "exited" && ending.exitCode === 0) return "succeeded";
  if (ending.kind === "cancelled") return "cancelled";
  return stop_reason === null || stop_reason === "time_limit" ? "failed" : "cancelled";
}

function nodeOf({ slot_json }: AttemptRow): string | null {
  return (JSON.parse(slot_json) as Slot).node ?? null;
}

function gpusOf({ slot_json }: AttemptRow): string[] {
  return (JSON.parse(slot_json) as Slot).gpus;
}

/**
 * @param results  the folder with what it made, where there is one
 * @param runs  the folder on its machine where those of runs stay; null: they do not
 */
export function presentAttempt(
  row: AttemptRow,
  machine: string | null,
  results: string | null,
  runs: string | null,
): Attempt {
  const ending = row.ending_json === null ? null : (JSON.parse(row.ending_json) as Ending);
  return {
    id: row.id,
    try: row.try,
    status: row.status,
    machine: nodeOf(row) ?? machine,
    ticket: row.ticket_json === null ? null : ticketText(JSON.parse(row.ticket_json)),
    devices: (JSON.parse(row.slot_json) as Slot).devices,
    exitCode: ending && exitCodeOf(ending),
    cause: ending && { code: ending.kind, text: describeEnding(ending) },
    stopReason: row.stop_reason,
    code: row.snapshot,
    results,
    stays: runs !== null && row.status === "ended" ? `${runs}/${row.id}` : null,
    assignedAt: isoOf(row.assigned_at),
    startedAt: isoOf(row.started_at),
    endedAt: isoOf(row.ended_at),
  };
}

function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case "exited":
      return `exit code ${ending.exitCode}`;
    case "signalled":
      return describeCause({ code: "signal", signal: ending.signal });
    case "could_not_start":
      return describeCause({ code: "could_not_start", reason: ending.reason });
    case "lost":
      return describeCause({ code: "lost", detail: ending.detail });
    case "cancelled":
      return describeCause({ code: "cancelled_there", by: ending.by });
    case "never_began":
      return "it was taken back before it began";
  }
}
