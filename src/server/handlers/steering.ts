import { type Because, describeBecause } from "../../core/because.ts";
import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import { minuteOfDay } from "../../core/hours.ts";
import { whyClosed } from "../../core/machine.ts";
import type { RunStatus } from "../../core/run.ts";
import { wantBack, wantStops } from "../../store/attempts.ts";
import { insertAudit } from "../../store/audit.ts";
import type { Change } from "../../store/changes.ts";
import { failedDependency, selectAfter } from "../../store/dependencies.ts";
import { type JobRow, pauseJobs, selectJobIdsWith } from "../../store/jobs.ts";
import { selectMachines } from "../../store/machines.ts";
import { pausePools, selectPools } from "../../store/pools.ts";
import { cancelQueued, type RunRow, retryRuns } from "../../store/runs.ts";
import type { Principal } from "../auth.ts";
import { checkSnapshot } from "../check_snapshot.ts";
import { type Chosen, choose, forbidStrangers, lasting } from "../selection.ts";
import type { Handlers, Yard } from "../yard.ts";
import { selectRuns } from "./run_lists.ts";

type SteeringHandlers = Pick<Handlers, "explain" | "cancel" | "retry" | "pause" | "resume">;

/** Runs explained one by one; the rest of a job's waiting runs wait for the same reason and are counted together. */
const EXPLAINED = 50;

export function steeringHandlers(yard: Yard): SteeringHandlers {
  const { store } = yard;

  return {
    async explain({ query }) {
      const chosen = await choose(store.read, query.select);
      if (isRefused(chosen)) return chosen;
      const runs = [];
      const closed = await whyMachinesAreClosed();
      for (const one of chosen) runs.push(...(await explainJob(one, closed)));
      return { runs };
    },

    async cancel({ body, who }) {
      return steer(
        await choose(store.read, body.select),
        body.select,
        who,
        "cancel",
        async ({ job, range }, db, now) => {
          const queued = await cancelQueued(db, store.dialect, { job: job.id, range }, now);
          const stops = await wantStops(db, { job: job.id, range }, "cancelled", body.graceMs);
          return { runs: queued.runs, touched: queued.touched, stops: stops.map((stop) => stop.machine_id) };
        },
      );
    },

    async retry({ body, who }) {
      const unknown = await checkSnapshot(yard, body.snapshot);
      if (unknown) return unknown;
      let blocked: Refused | null = null;
      const { snapshot, commit } = body;
      const code = snapshot === null && commit === null ? null : { snapshot, commit };
      const retryable = await choose(store.read, body.select, (db) =>
        selectJobIdsWith(db, body.failed ? ["failed"] : ["failed", "cancelled"]),
      );
      const outcome = await steer(retryable, body.select, who, "retry", async ({ job, range }, db, now) => {
        const statuses: RunStatus[] = body.failed
          ? ["failed"]
          : range
            ? ["failed", "cancelled", "succeeded", "skipped"]
            : ["failed", "cancelled"];
        const retried = await retryRuns(db, store.dialect, { job: job.id, range }, statuses, code, now);
        const cause = retried.runs === 0 ? await failedDependency(db, job.id) : null;
        if (cause !== null) blocked = refuse({ code: "waits_for_failed", job: job.id, on: JSON.parse(cause).job });
        return { ...retried, stops: [] };
      });
      return !isRefused(outcome) && outcome.runs === 0 && blocked !== null ? blocked : outcome;
    },

    async pause({ body, who }) {
      return pause(body.select, who, true);
    },

    async resume({ body, who }) {
      return pause(body.select, who, false);
    },
  };

  /** Does one thing to every job chosen, in one commit, and tells of it. */
  async function steer(
    chosen: Chosen[] | Refused,
    select: string,
    who: Principal,
    action: string,
    work: (
      chosen: Chosen,
      db: Parameters<typeof cancelQueued>[0],
      now: number,
    ) => Promise<{ runs: number; touched: number[]; stops: number[] }>,
  ) {
    if (isRefused(chosen)) return chosen;
    const forbidden = forbidStrangers(
      who,
      chosen.map(({ job }) => job),
    );
    if (forbidden) return forbidden;
    const now = yard.clock.now();
    const outcome = { jobs: chosen.map(({ job }) => job.id as number), runs: 0, stopping: 0 };
    const changes: Change[] = [];
    await store.write(async (db) => {
      outcome.runs = 0;
      outcome.stopping = 0;
      changes.length = 0;
      for (const one of chosen) {
        const done = await work(one, db, now);
        outcome.runs += done.runs;
        outcome.stopping += done.stops.length;
        for (const job of done.touched) changes.push({ kind: "job", job: job as JobRow["id"] });
        for (const machine of new Set(done.stops)) changes.push({ kind: "stop", machine });
      }
      const detail = { jobs: chosen.length, runs: outcome.runs, stopping: outcome.stopping };
      await insertAudit(db, { at: now, user: who.user, action, target: lasting(select, chosen), detail });
    });
    store.changes.tell(changes);
    return outcome;
  }

  /** `all` means the queue itself: what is submitted later waits too. */
  async function pause(select: string, who: Principal, paused: boolean) {
    const action = paused ? "pause" : "resume";
    if (select === "all") {
      if (who.role !== "admin") return refuse({ code: "forbidden", needs: "to be an administrator" });
      const back = await store.write(async (db) => {
        await pausePools(db, null, paused);
        await insertAudit(db, { at: yard.clock.now(), user: who.user, action, target: "all", detail: {} });
        return paused ? wantBack(db, null) : [];
      });
      const machines = new Set(back.map((attempt) => attempt.machine_id));
      store.changes.tell([{ kind: "pools" }, ...[...machines].map((machine) => ({ kind: "stop" as const, machine }))]);
      return { jobs: [], runs: 0, stopping: 0 };
    }
    return steer(await choose(store.read, select), select, who, action, async ({ job }, db) => {
      await pauseJobs(db, [job.id], paused);
      const back = paused ? await wantBack(db, { job: job.id, range: null }) : [];
      return { runs: 0, touched: [job.id], stops: back.map((attempt) => attempt.machine_id) };
    });
  }

  /** By name. What was given to a machine starts there, drained or not. */
  async function whyMachinesAreClosed(): Promise<Map<string, string | null>> {
    const machines = await selectMachines(store.read);
    const minute = minuteOfDay(yard.clock.now());
    return new Map(
      machines.map((row) => [row.name, whyClosed({ ...row, ...yard.presence.of(row.id), drained: false }, minute)]),
    );
  }

  async function explainJob({ job, range }: Chosen, closed: ReadonlyMap<string, string | null>) {
    const open: RunStatus[] = ["queued", "starting", "running"];
    const isOver = job.endedAt !== null;
    const filter = { job: job.id, range, statuses: range || isOver ? null : open, machine: null };
    const page = { key: "n", descending: false, after: null, limit: EXPLAINED } as const;
    const rows = await selectRuns(yard, job, filter, page);
    const waits = await whyWaits(job);
    const explained = rows.map((row) => {
      const because = whyStands(row, closed) ?? waits;
      return {
        id: `${job.id}.${row.n}`,
        status: row.status,
        runs: 1,
        because: { code: because.code, text: describeBecause(because) },
      };
    });
    const others = job.counts.queued - explained.filter(({ status }) => status === "queued").length;
    const lastWaiting = explained.findLast(({ status }) => status === "queued");
    if (lastWaiting && !range) lastWaiting.runs += others;
    return explained;
  }

  function whyStands(
    { status, machine, cause_json }: RunRow,
    closed: ReadonlyMap<string, string | null>,
  ): Because | null {
    if (status === "queued") return null;
    const on = machine ?? "its machine";
    if (status === "starting") return { code: "starting", machine: on, closed: closed.get(on) ?? null };
    if (status === "running") return { code: "running", machine: on };
    return { code: "ended", status, cause: cause_json === null ? null : JSON.parse(cause_json) };
  }

  async function whyWaits(job: JobRow): Promise<Because> {
    const pools = await selectPools(store.read);
    if (pools.find((pool) => pool.name === job.pool)?.paused) return { code: "queue_paused", pool: job.pool };
    if (job.paused) return { code: "job_paused", job: job.id };
    if (job.waitingFor > 0) {
      const after = (await selectAfter(store.read, [job.id])).get(job.id) ?? [];
      return { code: "after", jobs: after.filter(({ met }) => !met).map((one) => one.job) };
    }
    if (job.atMost !== null && job.counts.running >= job.atMost) return { code: "at_most", limit: job.atMost };
    return yard.reasons.of(job.pool, job.demand) ?? { code: "starting", machine: "the next free slot", closed: null };
  }
}
