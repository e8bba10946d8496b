import { existsSync } from "node:fs";
import { type Assignment, type Gang, type Handed, keptName } from "../core/assignment.ts";
import type { Slot } from "../core/demand.ts";
import { isForClusterAlone } from "../core/pool.ts";
import { paramsJson } from "../core/work.ts";
import { type AttemptRow, selectAttempts, selectAttemptsOfRun, selectMates } from "../store/attempts.ts";
import { type JobRow, selectJobs } from "../store/jobs.ts";
import { selectMachines } from "../store/machines.ts";
import type { Store } from "../store/store.ts";
import type { Works } from "./works.ts";

/** Returns what makes assignments of attempts' rows, in their order. */
export function openAssignments(
  store: Store,
  works: Works,
  yardId: string,
): (rows: AttemptRow[]) => Promise<Assignment[]> {
  /** What the latest of the earlier attempts kept that kept anything. */
  async function keptBefore({ job_id, n, id, rank }: AttemptRow): Promise<string | null> {
    const spools = new Map((await selectMachines(store.read)).map((machine) => [machine.id, machine.spool]));
    const earlier = (await selectAttemptsOfRun(store.read, job_id, n, rank)).filter((attempt) => attempt.id !== id);
    const folders = earlier
      .reverse()
      .map(({ machine_id }) => `${spools.get(machine_id)}/${yardId}/kept/${keptName(job_id, n, rank)}`);
    return folders.find((folder) => existsSync(folder)) ?? null;
  }

  /** All workers of its attempt, in the order of their ranks. */
  async function workersOf(row: AttemptRow): Promise<AttemptRow[]> {
    if (row.port === null) return [row];
    const leader = row.leader_id ?? row.id;
    return [...(await selectAttempts(store.read, [leader])), ...(await selectMates(store.read, [leader]))];
  }

  /** As its workers are told: those of one machine alone need no way to it from outside. */
  async function gangOf(row: AttemptRow, workers: readonly AttemptRow[]): Promise<Gang | null> {
    if (row.port === null) return null;
    const machines = new Map((await selectMachines(store.read)).map((machine) => [machine.id, machine]));
    const isOneMachine = workers.every(({ machine_id }) => machine_id === row.machine_id);
    const hosts = workers.map(({ machine_id }) => {
      const machine = machines.get(machine_id);
      return isOneMachine ? "127.0.0.1" : (machine?.address ?? machine?.name ?? "127.0.0.1");
    });
    return { rank: row.rank, hosts, port: row.port };
  }

  return async (rows) => {
    const jobs = new Map<number, JobRow>();
    for (const job of await selectJobs(store.read, [...new Set(rows.map((row) => row.job_id))])) jobs.set(job.id, job);
    const clusters = new Set((await selectMachines(store.read)).flatMap(({ id, hasQueue }) => (hasQueue ? [id] : [])));
    const assignments: Assignment[] = [];
    for (const row of rows) {
      const job = jobs.get(row.job_id);
      const kept = row.previous_id === null ? null : await keptBefore(row);
      if (!job) continue;
      const workers = await workersOf(row);
      const assignment = await assignmentOf(row, job, works, await gangOf(row, workers), kept);
      // They have one ticket.
      const handed = clusters.has(row.machine_id) ? handedOf(workers[0] ?? row, job) : null;
      assignments.push(handed ? { ...assignment, handed } : assignment);
    }
    return assignments;
  };
}

async function assignmentOf(
  row: AttemptRow,
  job: JobRow,
  works: Works,
  gang: Gang | null,
  kept: string | null,
): Promise<Assignment> {
  const { command, values } = (await works.of(job)).run(row.n);
  const { cwd, environment, named = [], umask, limits, out, outputs = [], keep = false } = job.plan;
  return {
    attempt: row.id,
    job: job.id,
    n: row.n,
    try: row.try,
    slot: JSON.parse(row.slot_json) as Slot,
    command,
    params: paramsJson(values),
    cwd,
    environment,
    named,
    umask,
    limits,
    // Rank 0 speaks for the run; what the others print is theirs.
    out: row.rank === 0 ? out : null,
    snapshot: row.snapshot,
    outputs,
    keep,
    timeLimitMs: job.timeLimitMs,
    startedAt: row.started_at,
    gang,
    kept,
  };
}

function handedOf({ ticket_json }: AttemptRow, job: JobRow): Handed | null {
  const { name, demand, resumable } = job;
  const { slurm: plan } = job.plan;
  if (!plan) return null;
  const atMost = isForClusterAlone(job) ? job.atMost : null;
  return { plan, name, demand, resumable, atMost, ticket: ticket_json === null ? null : JSON.parse(ticket_json) };
}
