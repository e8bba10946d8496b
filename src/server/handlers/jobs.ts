import { describeLimits } from "../../core/capacity_limit.ts";
import { describeFailure, isRefused, refuse } from "../../core/failure.ts";
import { extendSpace } from "../../core/space_extension.ts";
import { describeSpaceProblem, isSpaceRefused } from "../../core/space_problem.ts";
import { workOf } from "../../dispatch/works.ts";
import { insertAudit } from "../../store/audit.ts";
import type { Db } from "../../store/dialect.ts";
import { extendJob, type JobRow, selectJob, selectJobs, selectLines, setJob } from "../../store/jobs.ts";
import { setNotify } from "../../store/notices.ts";
import { capacities } from "../capacities.ts";
import { checkWords } from "../check_words.ts";
import { keepWishes, shownWish } from "../notice_wishes.ts";
import { presentJobs } from "../present_many.ts";
import { forbidStrangers } from "../selection.ts";
import { clashingOuts, keepJobs, prepareJob, type ReadyJob } from "../submission.ts";
import type { Handlers, Yard } from "../yard.ts";

/** A machine that was never seen is waited for this long before a demand is judged without it. */
const MACHINE_WAIT_MS = 6000;

/** A definition is looked at often, and is to stay small: of a job with more lines it has none. */
const MOST_LINES = 1000;

type JobHandlers = Pick<Handlers, "submit" | "submitAll" | "plan" | "showJob" | "setJob" | "extend">;

export function jobHandlers(yard: Yard): JobHandlers {
  const { store } = yard;

  return {
    async submit({ body, who }) {
      const ready = await prepareJob(yard, body, who, yard.clock.steady() + MACHINE_WAIT_MS);
      if (isRefused(ready)) return ready;
      const ids = await keepJobs(yard, [ready], who.user);
      if (isRefused(ids)) return ids;
      const [job] = await presentAll(ids);
      if (!job) throw new Error("a job that was just submitted has vanished");
      return { job };
    },

    async submitAll({ body, who }) {
      const { jobs, check } = body;
      const seenBy = yard.clock.steady() + MACHINE_WAIT_MS;
      const prepared = [];
      for (const job of jobs) prepared.push(await prepareJob(yard, job, who, seenBy));
      const ready = prepared.filter((one): one is ReadyJob => !isRefused(one));
      const outs = prepared.map((one) => (isRefused(one) ? null : one.job.plan.out));
      const problems = [
        ...prepared.flatMap((one, at) => (isRefused(one) ? [{ at, ...one }] : [])),
        ...clashingOuts(outs),
      ].map(({ at, refused }) => ({ at, code: refused.code, detail: describeFailure(refused) }));
      if (problems.length > 0) {
        problems.sort((a, b) => a.at - b.at);
        return refuse({ code: "refused_together", jobs: jobs.length, problems });
      }
      const ids = check ? [] : await keepJobs(yard, ready, who.user);
      if (isRefused(ids)) return ids;
      return { jobs: await presentAll(ids), runs: ready.reduce((sum, { job }) => sum + job.total, 0) };
    },

    async plan({ body }) {
      const looks = await capacities(yard, body.pool, body.demand);
      const machines = looks.map(({ name, isOpen, capacity }) => {
        const { placements, because } = capacity();
        return { name, open: isOpen, placements, because: describeLimits(because) };
      });
      return { machines };
    },

    async showJob({ params, who }) {
      const row = await selectJob(store.read, params.job);
      if (!row) return refuse({ code: "no_such_job", job: params.job });
      // Where others are told of their jobs is nobody's business but an administrator's.
      const notify = forbidStrangers(who, [row]) ? [] : row.notify.map(shownWish);
      return { job: await present(row.id), definition: { ...(await definitionOf(store.read, row)), notify } };
    },

    async setJob({ params, body, who }) {
      const row = await selectJob(store.read, params.job);
      if (!row) return refuse({ code: "no_such_job", job: params.job });
      const forbidden = forbidStrangers(who, [row]);
      if (forbidden) return forbidden;
      const { notify: wishes, ...changes } = body;
      const kept = await keepWishes(yard, wishes ?? [], row.user);
      if (isRefused(kept)) return kept;
      await store.write(async (db) => {
        await setJob(db, row.id, changes);
        if (wishes !== undefined) await setNotify(db, row.id, wishes === null ? null : kept);
        await insertAudit(db, {
          at: yard.clock.now(),
          user: who.user,
          action: "set",
          target: `${row.id}`,
          detail: { ...changes, ...(wishes !== undefined && { notify: wishes && kept.map(shownWish) }) },
        });
      });
      store.changes.tell([{ kind: "job", job: row.id }]);
      return { job: await present(row.id) };
    },

    async extend({ params, body, who }) {
      const row = await selectJob(store.read, params.job);
      if (!row) return refuse({ code: "no_such_job", job: params.job });
      const forbidden = forbidStrangers(who, [row]);
      if (forbidden) return forbidden;
      // In one go: of two that extend at once, the second adds to what the first has made of the sweep.
      const added = await store.write(async (db) => {
        const job = (await selectJob(db, row.id)) ?? row;
        const work = await workOf(db, job);
        const isSweep = work.kind === "command" && work.spaces[0] !== undefined && work.spaces[0].axes.length > 0;
        if (!isSweep) return refuse({ code: "not_a_sweep", job: row.id });
        const extension = extendSpace(work.spaces, body.axes);
        if (isSpaceRefused(extension))
          return refuse({ code: "space", detail: describeSpaceProblem(extension.problem) });
        const tooLong = checkWords({ ...work, spaces: extension.spaces });
        if (tooLong) return tooLong;
        const spaces = JSON.stringify([...work.spaces, ...extension.spaces]);
        if (extension.added > 0) await extendJob(db, store.dialect, row.id, spaces, extension.added);
        const detail = { added: extension.added };
        await insertAudit(db, { at: yard.clock.now(), user: who.user, action: "extend", target: `${row.id}`, detail });
        return extension.added;
      });
      if (isRefused(added)) return added;
      store.changes.tell([{ kind: "job", job: row.id }]);
      return { job: await present(row.id), added };
    },
  };

  async function presentAll(ids: readonly JobRow["id"][]) {
    return presentJobs(yard, await selectJobs(store.read, [...ids]));
  }

  async function present(id: JobRow["id"]) {
    const [job] = await presentAll([id]);
    if (!job) throw new Error(`job ${id} has vanished`);
    return job;
  }
}

/** What a job was submitted as, for people and for a clone of it; values of its environment are not part of it. */
async function definitionOf(db: Db, row: JobRow): Promise<Record<string, unknown>> {
  const { demand, plan, retries, timeLimitMs, expectedMs, atMost, resumable, tags } = row;
  const { environment: _, ...rest } = plan;
  const command = row.command === null ? null : JSON.parse(row.command);
  const rules = { demand, retries, timeLimitMs, expectedMs, atMost, resumable, tags };
  const lines = command === null && row.counts.total <= MOST_LINES && { lines: await selectLines(db, row.id) };
  return { command, spaces: JSON.parse(row.spaces), ...lines, ...rules, ...rest };
}
