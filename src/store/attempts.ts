import type { Slot } from "../core/demand.ts";
import type { AttemptId, JobId, StopReason, UnixMs } from "../core/run.ts";
import type { Db, Dialect } from "./dialect.ts";
import { makeNextRuns } from "./jobs.ts";
import { type RunSpan, selectQueued } from "./runs.ts";
import type { Tables } from "./schema.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

export type AttemptRow = Tables["attempt"];

/** A slot for one of a job's waiting runs: which one is for the store to say, in order. */
export interface Start {
  job: JobId;
  machine: number;
  slot: Slot;
  snapshot: string | null;
}

export interface NewAttempt {
  id: AttemptId;
  job: JobId;
  n: number;
  machine: number;
  slot: Slot;
}

/**
 * Gives each start to the next waiting run of its job and keeps the attempt. The answer has one entry a start, null
 * where the job had no waiting run left. `newId` names an attempt for run `n` and the number of its try.
 */
export async function assignAttempts(
  db: Db,
  dialect: Dialect,
  starts: Start[],
  epoch: number,
  newId: (job: JobId, n: number, attempt: number) => AttemptId,
  now: UnixMs,
): Promise<(NewAttempt | null)[]> {
  const given: (NewAttempt | null)[] = new Array(starts.length).fill(null);
  const rows: AttemptRow[] = [];
  const changes: CountChanges = new Map();
  for (const [job, places] of byJob(starts)) {
    const runs = await nextQueued(db, dialect, job, places.length);
    for (const [index, run] of runs.entries()) {
      const place = places[index];
      const start = place === undefined ? undefined : starts[place];
      if (place === undefined || !start) continue;
      const id = newId(job, run.n, run.attempts + 1);
      given[place] = { id, job, n: run.n, machine: start.machine, slot: start.slot };
      rows.push(newRow(id, run, start, epoch, now));
      await db
        .updateTable("run")
        .set({ status: "starting", attempt_id: id, attempts: run.attempts + 1, ended_at: null })
        .where("job_id", "=", job)
        .where("n", "=", run.n)
        .execute();
    }
    shift(changes, job, "queued", "starting", runs.length);
  }
  if (rows.length > 0) await db.insertInto("attempt").values(rows).execute();
  await writeCounts(db, changes, now);
  return given;
}

function byJob(starts: Start[]): Map<JobId, number[]> {
  const places = new Map<JobId, number[]>();
  for (const [index, start] of starts.entries()) places.set(start.job, [...(places.get(start.job) ?? []), index]);
  return places;
}

async function nextQueued(db: Db, dialect: Dialect, job: JobId, count: number) {
  const runs = await selectQueued(db, job, count);
  if (runs.length === count || (await makeNextRuns(db, dialect, job, 1000)) === 0) {
    return runs.length === count ? runs : selectQueued(db, job, count);
  }
  return selectQueued(db, job, count);
}

function newRow(
  id: AttemptId,
  run: { n: number; attempts: number; attempt_id: AttemptId | null },
  start: Start,
  epoch: number,
  now: UnixMs,
): AttemptRow {
  return {
    id,
    job_id: start.job,
    n: run.n,
    try: run.attempts + 1,
    machine_id: start.machine,
    epoch,
    status: "assigned",
    agent: null,
    slot_json: JSON.stringify(start.slot),
    previous_id: run.attempt_id,
    stop_reason: null,
    stop_grace_ms: null,
    assigned_at: now,
    started_at: null,
    ended_at: null,
    ending_json: null,
    output_json: null,
    snapshot: start.snapshot,
    memory_peak_bytes: null,
    gpu_memory_peak_bytes: null,
  };
}

/** What is assigned to the machine and nobody has taken: from now on `agent` has it. Of several askers one wins. */
export async function takeAttempts(db: Db, machine: number, agent: string, limit: number): Promise<AttemptRow[]> {
  const rows = await db
    .selectFrom("attempt")
    .selectAll()
    .where("machine_id", "=", machine)
    .where("status", "=", "assigned")
    .orderBy("assigned_at")
    .orderBy("job_id")
    .orderBy("n")
    .limit(limit)
    .execute();
  if (rows.length === 0) return [];
  const taken = await db
    .updateTable("attempt")
    .set({ status: "taken", agent })
    .where("id", "in", rows.map((row) => row.id))
    .where("status", "=", "assigned")
    .returning("id")
    .execute();
  const mine = new Set(taken.map((row) => row.id));
  return rows.filter((row) => mine.has(row.id));
}

/** Everything that has not ended, of one machine or of all. */
export async function selectOpenAttempts(db: Db, machine: number | null): Promise<AttemptRow[]> {
  let query = db.selectFrom("attempt").selectAll().where("status", "<>", "ended");
  if (machine !== null) query = query.where("machine_id", "=", machine);
  return query.orderBy("assigned_at").orderBy("job_id").orderBy("n").execute();
}

export async function selectAttempt(db: Db, id: AttemptId): Promise<AttemptRow | null> {
  return (await db.selectFrom("attempt").selectAll().where("id", "=", id).executeTakeFirst()) ?? null;
}

export async function selectAttempts(db: Db, ids: AttemptId[]): Promise<AttemptRow[]> {
  if (ids.length === 0) return [];
  return db.selectFrom("attempt").selectAll().where("id", "in", ids).execute();
}

export async function selectAttemptsOfRun(db: Db, job: JobId, n: number): Promise<AttemptRow[]> {
  return db.selectFrom("attempt").selectAll().where("job_id", "=", job).where("n", "=", n).orderBy("try").execute();
}

/** Notes that what runs in `span` is to be stopped, and why; a wish that stands already stays. Returns which. */
export async function wantStops(db: Db, span: RunSpan | null, reason: StopReason, graceMs: number) {
  let update = db
    .updateTable("attempt")
    .set({ stop_reason: reason, stop_grace_ms: graceMs })
    .where("status", "<>", "ended")
    .where("stop_reason", "is", null);
  if (span) update = update.where("job_id", "=", span.job);
  if (span?.range) update = update.where("n", ">=", span.range.first).where("n", "<=", span.range.last);
  return update.returning(["id", "machine_id"]).execute();
}

/** What of a machine is to be stopped. */
export async function selectWantedStops(db: Db, machine: number): Promise<AttemptRow[]> {
  return db
    .selectFrom("attempt")
    .selectAll()
    .where("machine_id", "=", machine)
    .where("status", "<>", "ended")
    .where("stop_reason", "is not", null)
    .execute();
}
