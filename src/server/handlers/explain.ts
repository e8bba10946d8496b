import { type Because, describeBecause, withHolders } from "../../core/because.ts";
import { shapeOf } from "../../core/demand.ts";
import { isRefused } from "../../core/failure.ts";
import { minuteOfDay } from "../../core/hours.ts";
import { whyClosed } from "../../core/machine.ts";
import { isForClusterAlone, poolsIn } from "../../core/pool.ts";
import { hasEnded, type RunStatus, type StopReason } from "../../core/run.ts";
import { selectAttempts, selectOpenAttempts } from "../../store/attempts.ts";
import { selectAfter } from "../../store/dependencies.ts";
import { type JobRow, selectJobs } from "../../store/jobs.ts";
import { selectMachines } from "../../store/machines.ts";
import { selectPools } from "../../store/pools.ts";
import type { RunRow } from "../../store/runs.ts";
import { type Chosen, choose } from "../selection.ts";
import type { Handlers, Yard } from "../yard.ts";
import { selectRuns } from "./run_lists.ts";

/** Runs explained one by one; the rest of a job's waiting runs wait for the same reason and are counted together. */
const EXPLAINED = 50;

const stopReasons: Record<StopReason, string> = {
  cancelled: "it was cancelled",
  time_limit: "it has reached its time limit",
  preempted: "it makes room for another run, and goes on later",
  withdrawn: "it goes back to the queue if it has not begun",
  worker_ended: "another of its workers has not ended well",
};

export function explainHandler(yard: Yard): Handlers["explain"] {
  const { store } = yard;

  return async ({ query }) => {
    const chosen = await choose(store.read, query.select);
    if (isRefused(chosen)) return chosen;
    const closed = await whyMachinesAreClosed();
    const paused = new Set((await selectPools(store.read)).filter((pool) => pool.paused).map(({ name }) => name));
    const runs = [];
    for (const one of chosen) runs.push(...(await explainJob(one, paused, closed)));
    return { runs };
  };

  /** By name. What was given to a machine starts there, drained or not. */
  async function whyMachinesAreClosed(): Promise<Map<string, string | null>> {
    const machines = await selectMachines(store.read);
    const minute = minuteOfDay(yard.clock.now());
    return new Map(
      machines.map((row) => [row.name, whyClosed({ ...row, ...yard.presence.of(row.id), drained: false }, minute)]),
    );
  }

  async function explainJob(
    { job, range }: Chosen,
    pausedPools: ReadonlySet<string>,
    closed: ReadonlyMap<string, string | null>,
  ) {
    const open: RunStatus[] = ["queued", "starting", "running"];
    const isOver = job.endedAt !== null;
    const filter = { job: job.id, range, statuses: range || isOver ? null : open, machine: null };
    const page = { key: "n", descending: false, after: null, limit: EXPLAINED } as const;
    const rows = await selectRuns(yard, job, filter, page);
    const waits = await whyWaits(job, pausedPools);
    const holders = "on" in waits ? await heldOn(waits.on) : [];
    const stops = await stopsOf(rows);
    const explained = rows.map((row) => {
      const because = whyStands(row, stops, closed) ?? waits;
      return {
        id: `${job.id}.${row.n}`,
        status: row.status,
        runs: 1,
        because: { code: because.code, text: withHolders(describeBecause(because), because === waits ? holders : []) },
      };
    });
    const others = job.counts.queued - explained.filter(({ status }) => status === "queued").length;
    const lastWaiting = explained.findLast(({ status }) => status === "queued");
    if (lastWaiting && !range) lastWaiting.runs += others;
    return explained;
  }

  /** Why those that run are being stopped, by their attempts. */
  async function stopsOf(rows: RunRow[]): Promise<Map<string, string>> {
    const ids = rows.flatMap(({ status, attempt_id }) => {
      return attempt_id !== null && (status === "starting" || status === "running") ? [attempt_id] : [];
    });
    const attempts = await selectAttempts(store.read, ids);
    return new Map(
      attempts.flatMap(({ id, stop_reason }) => {
        return stop_reason === null ? [] : [[id, stopReasons[stop_reason as StopReason]]];
      }),
    );
  }

  /** Null: it waits. */
  function whyStands(
    { status, attempt_id, cause_json, machine }: RunRow,
    stops: ReadonlyMap<string, string>,
    closed: ReadonlyMap<string, string | null>,
  ): Because | null {
    if (status === "queued") return null;
    if (hasEnded(status)) return { code: "ended", status, cause: cause_json === null ? null : JSON.parse(cause_json) };
    const on = machine ?? "its machine";
    const reason = stops.get(attempt_id ?? "");
    if (reason !== undefined) return { code: "stopping", machine: on, reason };
    const pending = yard.pending.of(attempt_id ?? "");
    if (status === "starting" && pending) return { code: "pending", machine: on, ...pending };
    if (status === "starting") return { code: "starting", machine: on, closed: closed.get(on) ?? null };
    return { code: "running", machine: on };
  }

  /** Whose runs are on the machine. */
  async function heldOn(name: string) {
    const machine = (await selectMachines(store.read)).find((one) => one.name === name);
    const open = machine ? await selectOpenAttempts(store.read, machine.id) : [];
    const jobs = await selectJobs(store.read, [...new Set(open.map(({ job_id }) => job_id))]);
    return jobs.map(({ id, user }) => {
      return { user, runs: open.filter((one) => one.job_id === id).map(({ n }) => `${id}.${n}`) };
    });
  }

  async function whyWaits(job: JobRow, pausedPools: ReadonlySet<string>): Promise<Because> {
    if (poolsIn(job.pool).every((pool) => pausedPools.has(pool))) return { code: "queue_paused", pool: job.pool };
    if (job.paused) return { code: "job_paused", job: job.id };
    if (job.waitingFor > 0) {
      const after = (await selectAfter(store.read, [job.id])).get(job.id) ?? [];
      return { code: "after", jobs: after.filter(({ met }) => !met).map(({ job, any }) => ({ job, any })) };
    }
    if (!isForClusterAlone(job) && job.atMost !== null && job.counts.running >= job.atMost)
      return { code: "at_most", limit: job.atMost };
    const said = yard.reasons.of(job.pool, shapeOf(job.demand, job.user));
    // The first that waits comes after nobody.
    if (said && !(said.code === "behind" && said.job === job.id)) return said;
    return { code: "starting", machine: "the next free slot", closed: null };
  }
}
