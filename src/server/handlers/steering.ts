import { isRefused, type Refused, refuse } from "../../core/failure.ts";
import type { JobId, RunStatus } from "../../core/run.ts";
import { wantBack, wantStops } from "../../store/attempts.ts";
import { insertAudit } from "../../store/audit.ts";
import { cancelQueued } from "../../store/cancel.ts";
import type { Change } from "../../store/changes.ts";
import { failedDependency } from "../../store/dependencies.ts";
import type { Db } from "../../store/dialect.ts";
import { pauseJobs, selectJobIdsWith } from "../../store/jobs.ts";
import { pausePools } from "../../store/pools.ts";
import { type RunSpan, retryRuns } from "../../store/runs.ts";
import type { Principal } from "../auth.ts";
import { checkSnapshot } from "../check_snapshot.ts";
import { type Chosen, choose, forbidStrangers, lasting } from "../selection.ts";
import type { Handlers, Yard } from "../yard.ts";

/** What was done at once. `stops`: the machine of each attempt that is to be stopped. */
interface Steered {
  runs: number;
  touched: JobId[];
  stops: number[];
}

type SteeringHandlers = Pick<Handlers, "cancel" | "retry" | "pause" | "resume">;

export function steeringHandlers(yard: Yard): SteeringHandlers {
  const { store } = yard;

  return {
    async cancel({ body, who }) {
      return steer(await choose(store.read, body.select), body.select, who, "cancel", async (chosen, db, now) => {
        const spans = chosen.map(({ job, range }): RunSpan => ({ job: job.id, range }));
        const queued = await cancelQueued(db, store.dialect, spans, now);
        const stops = await wantStops(db, spans, "cancelled", body.graceMs);
        return { ...queued, stops: stops.map((stop) => stop.machine_id) };
      });
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
      const outcome = await steer(retryable, body.select, who, "retry", async (all, db, now) => {
        const done: Steered = { runs: 0, touched: [], stops: [] };
        for (const { job, range } of all) {
          const statuses = toRetry(body.failed, range);
          const retried = await retryRuns(db, store.dialect, { job: job.id, range }, statuses, code, now);
          const cause = retried.runs === 0 ? await failedDependency(db, job.id) : null;
          if (cause !== null) blocked = refuse({ code: "waits_for_failed", job: job.id, on: JSON.parse(cause).job });
          done.runs += retried.runs;
          done.touched.push(...retried.touched);
        }
        return done;
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

  /** Does one thing to all jobs chosen, in one commit, and tells of it. */
  async function steer(
    chosen: Chosen[] | Refused,
    select: string,
    who: Principal,
    action: string,
    work: (chosen: Chosen[], db: Db, now: number) => Promise<Steered>,
  ) {
    if (isRefused(chosen)) return chosen;
    const forbidden = forbidStrangers(
      who,
      chosen.map(({ job }) => job),
    );
    if (forbidden) return forbidden;
    const now = yard.clock.now();
    const { runs, touched, stops } = await store.write(async (db) => {
      const done = await work(chosen, db, now);
      const detail = { jobs: chosen.length, runs: done.runs, stopping: done.stops.length };
      await insertAudit(db, { at: now, user: who.user, action, target: lasting(select, chosen), detail });
      return done;
    });
    const changes = [...new Set(touched)].flatMap((job): Change[] => [
      { kind: "job", job },
      ...(runs > 0 ? [{ kind: "runs" as const, job }] : []),
    ]);
    store.changes.tell([...changes, ...[...new Set(stops)].map((machine): Change => ({ kind: "stop", machine }))]);
    return { jobs: chosen.map(({ job }) => job.id as number), runs, stopping: stops.length };
  }

  /** `all` means the queue itself: what is submitted later waits too. */
  async function pause(select: string, who: Principal, paused: boolean) {
    const action = paused ? "pause" : "resume";
    if (select === "all") {
      if (who.role !== "admin") return refuse({ code: "forbidden", needs: "to be an administrator" });
      const back = await store.write(async (db) => {
        await pausePools(db, null, paused);
        await insertAudit(db, { at: yard.clock.now(), user: who.user, action, target: "all", detail: {} });
        return paused ? wantBack(db, "all") : [];
      });
      const machines = new Set(back.map((attempt) => attempt.machine_id));
      store.changes.tell([{ kind: "pools" }, ...[...machines].map((machine) => ({ kind: "stop" as const, machine }))]);
      return { jobs: [], runs: 0, stopping: 0 };
    }
    return steer(await choose(store.read, select), select, who, action, async (chosen, db) => {
      const jobs = chosen.map(({ job }) => job.id);
      await pauseJobs(db, jobs, paused);
      const back = paused ? await wantBack(db, { jobs }) : [];
      return { runs: 0, touched: jobs, stops: back.map((attempt) => attempt.machine_id) };
    });
  }
}

/** A run that is named is run again however it ended. */
function toRetry(onlyFailed: boolean, range: Chosen["range"]): RunStatus[] {
  if (onlyFailed) return ["failed"];
  return range ? ["failed", "cancelled", "succeeded", "skipped"] : ["failed", "cancelled"];
}
