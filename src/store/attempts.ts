import { type Selectable, sql } from "kysely";
import type { Code } from "../core/job.ts";
import type { Place } from "../core/open_machine.ts";
import { poolsIn } from "../core/pool.ts";
import type { AttemptId, JobId, StopReason, UnixMs } from "../core/run.ts";
import type { Ticket } from "../core/slurm.ts";
import { type Db, type Dialect, wordsOf } from "./dialect.ts";
import { makeNextRuns } from "./jobs.ts";
import { isDeposed } from "./lease.ts";
import { inPortions } from "./portions.ts";
import { forgetNumbers } from "./result_numbers.ts";
import { type RunSpan, selectGoingOn, selectQueued, selectQueuedAt } from "./runs.ts";
import type { Tables } from "./schema.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

export type AttemptRow = Selectable<Tables["attempt"]>;

/** Places for one of a job's waiting runs. */
export interface Start {
  job: JobId;
  /** The run that it is for, which waits to go on; null: the next of the others. */
  n: number | null;
  /** Whether runs of the job may wait to go on. */
  resumable: boolean;
  /** For each worker, by rank. */
  workers: readonly Place[];
  /** At which its workers find each other; null: it has one, and never more. */
  port: number | null;
  /** The job's code, where the run that it is has none of its own. */
  snapshot: string | null;
}

/** A worker of a new attempt. */
export interface NewAttempt extends Place {
  id: AttemptId;
  job: JobId;
  n: number;
  /** For how long earlier attempts of its run have run that it goes on from. */
  servedMs: number;
}

/**
 * Gives each start to the next waiting run of its job and keeps the attempt. The answer has one entry a start: its workers,
 * none where the job had no waiting run left, and nowhere any where a later epoch leads. `newId` names an attempt for
 * run `n` and the number of its try.
 */
export async function assignAttempts(
  db: Db,
  dialect: Dialect,
  starts: Start[],
  epoch: number,
  newId: (job: JobId, n: number, attempt: number) => AttemptId,
  now: UnixMs,
): Promise<NewAttempt[][]> {
  const given: NewAttempt[][] = starts.map(() => []);
  if (starts.length === 0 || (await isDeposed(db, epoch))) return given;
  const rows: AssignedRow[] = [];
  const changes: CountChanges = new Map();
  for (const [job, places] of byJob(starts)) {
    const runs = await runsFor(
      db,
      dialect,
      job,
      places.map((place) => starts[place] as Start),
    );
    for (const [index, run] of runs.entries()) {
      const place = places[index];
      const start = place === undefined ? undefined : starts[place];
      if (place === undefined || !start || !run) continue;
      const { workers } = start;
      const snapshot = run.code_json === null ? start.snapshot : (JSON.parse(run.code_json) as Code).snapshot;
      const leader = newId(job, run.n, run.attempts + 1);
      const { port } = start;
      for (const [rank, { machine, slot }] of workers.entries()) {
        const id = rank === 0 ? leader : workerId(leader, rank);
        given[place]?.push({ id, job, n: run.n, servedMs: run.served_ms, machine, slot });
        const previous = run.attempt_id;
        const what = [machine, JSON.stringify(slot), snapshot, previous] as const;
        rows.push([id, job, run.n, run.attempts + 1, ...what, rank, rank === 0 ? null : leader, port]);
      }
    }
    shift(changes, job, "queued", "starting", runs.filter((run) => run !== undefined).length);
  }
  await insertAssigned(db, rows, epoch, now);
  await writeCounts(db, changes, now);
  return given;
}

function workerId(leader: AttemptId, rank: number): AttemptId {
  return `${leader}.${rank}` as AttemptId;
}

function byJob(starts: Start[]): Map<JobId, number[]> {
  const places = new Map<JobId, number[]>();
  for (const [index, { job }] of starts.entries()) {
    const list = places.get(job);
    if (list) list.push(index);
    else places.set(job, [index]);
  }
  return places;
}

/** For each start its run; undefined: there is none any more. */
async function runsFor(db: Db, dialect: Dialect, job: JobId, starts: readonly Start[]) {
  if (!starts.some(({ resumable }) => resumable)) return nextQueued(db, dialect, job, starts.length);
  const certain = await selectQueuedAt(
    db,
    job,
    starts.flatMap(({ n }) => n ?? []),
  );
  const goingOn = (await selectGoingOn(db, [job])).length;
  const next = await nextQueued(db, dialect, job, starts.length - certain.length + goingOn);
  const others = next.filter((run) => run.served_ms === 0).values();
  return starts.map(({ n }) => (n === null ? others.next().value : certain.find((run) => run.n === n)));
}

const SLICE = 1000;

async function nextQueued(db: Db, dialect: Dialect, job: JobId, count: number) {
  let runs = await selectQueued(db, job, count);
  // Rows of a range that was cancelled may lie ahead: each slice is larger than the one before, to get beyond them soon.
  for (let slice = SLICE, unmade = 1; runs.length < count && unmade > 0; slice *= 2) {
    unmade = await makeNextRuns(db, dialect, job, slice);
    runs = await selectQueued(db, job, count);
  }
  return runs;
}

const assignedColumns = {
  id: "text",
  job_id: "bigint",
  n: "bigint",
  try: "bigint",
  machine_id: "bigint",
  slot_json: "text",
  snapshot: "text",
  previous_id: "text",
  rank: "bigint",
  leader_id: "text",
  port: "bigint",
} as const;
type AssignedRow = [
  ...[id: AttemptId, job: JobId, n: number, try_: number, machine: number, slot: string],
  ...[snapshot: string | null, previous: AttemptId | null],
  ...[rank: number, leader: AttemptId | null, port: number | null],
];

/** The attempts, and what their runs are from now on: what an earlier attempt said of itself is no longer theirs. */
async function insertAssigned(db: Db, rows: AssignedRow[], epoch: number, now: UnixMs): Promise<void> {
  if (rows.length === 0) return;
  const assigned = wordsOf(db).table(assignedColumns, rows);
  const columns = sql.join(Object.keys(assignedColumns).map((column) => sql.ref(column)));
  await sql`insert into attempt (${columns}, epoch, status, assigned_at)
    select ${columns}, cast(${epoch} as bigint), 'assigned', cast(${now} as bigint)
    from ${assigned} as assigned`.execute(db);
  await sql`update run set status = 'starting', attempt_id = assigned.id, attempts = assigned.try,
    machine = (select name from machine where machine.id = assigned.machine_id), cause_json = null, exit_code = null,
    started_at = null, ended_at = null, progress_json = null, metrics_json = null, result_json = null
    from ${assigned} as assigned
    where run.job_id = assigned.job_id and run.n = assigned.n and assigned.rank = 0`.execute(db);
  const again = rows.filter(([, , , attempt]) => attempt > 1).map(([, job, n]) => ({ job_id: job, n }));
  await forgetNumbers(db, again);
}

/**
 * What is assigned to the machine and nobody has taken: from now on `agent` has it, the first in their order. Of several
 * askers one wins.
 */
export async function takeAttempts(db: Db, machine: number, agent: string, limit: number): Promise<AttemptRow[]> {
  const { rows } = await sql<AttemptRow & { priority: number }>`update attempt set status = 'taken', agent = ${agent}
    where status = 'assigned' and id in (
      select attempt.id from attempt join job on job.id = attempt.job_id
      where attempt.machine_id = ${machine} and attempt.status <> 'ended' and attempt.status = 'assigned'
      order by attempt.assigned_at, job.priority desc, attempt.job_id, attempt.n limit ${limit})
    returning *, (select priority from job where job.id = attempt.job_id) as priority`.execute(db);
  return rows.sort(
    (a, b) => a.assigned_at - b.assigned_at || b.priority - a.priority || a.job_id - b.job_id || a.n - b.n,
  );
}

/** Everything that has not ended, of one machine or of all. */
export async function selectOpenAttempts(db: Db, machine: number | null): Promise<AttemptRow[]> {
  let query = inTheirOrder(db).where("attempt.status", "<>", "ended");
  if (machine !== null) query = query.where("attempt.machine_id", "=", machine);
  return query.execute();
}

/** As they were decided on: what one turn of the loop assigns at the same instant stands in the queue's order. */
function inTheirOrder(db: Db) {
  return db
    .selectFrom("attempt")
    .innerJoin("job", "job.id", "attempt.job_id")
    .selectAll("attempt")
    .orderBy("attempt.assigned_at")
    .orderBy("job.priority", "desc")
    .orderBy("attempt.job_id")
    .orderBy("attempt.n");
}

/** Workers of jobs, of which this pool is the first, that have run and ended since then, with what they held (a Slot, as JSON). */
export async function selectService(db: Db, pool: string, since: UnixMs) {
  const rows = await db
    .selectFrom("attempt")
    .innerJoin("job", "job.id", "attempt.job_id")
    .select(["job.user_name", "job.pool", "attempt.started_at", "attempt.ended_at", "attempt.slot_json"])
    .where("attempt.ended_at", ">", since)
    .where("attempt.started_at", "is not", null)
    .execute();
  return rows.flatMap(({ user_name: user, pool: pools, started_at, ended_at, slot_json: slot }) => {
    return poolsIn(pools)[0] === pool ? [{ user, startedAt: started_at ?? 0, endedAt: ended_at ?? 0, slot }] : [];
  });
}

/** For how long the runs of attempts that have not ended had run before, where they go on from that. */
export async function selectServed(db: Db): Promise<Map<AttemptId, number>> {
  const rows = await db
    .selectFrom("attempt")
    .innerJoin("run", (join) => join.onRef("run.job_id", "=", "attempt.job_id").onRef("run.n", "=", "attempt.n"))
    .select(["attempt.id", "run.served_ms"])
    .where("attempt.status", "<>", sql.lit("ended"))
    .where("run.served_ms", ">", 0)
    .execute();
  return new Map(rows.map(({ id, served_ms }) => [id, served_ms]));
}

export async function selectAttempt(db: Db, id: AttemptId): Promise<AttemptRow | null> {
  return (await db.selectFrom("attempt").selectAll().where("id", "=", id).executeTakeFirst()) ?? null;
}

export async function selectAttempts(db: Db, ids: AttemptId[]): Promise<AttemptRow[]> {
  return inPortions(ids, (some) => db.selectFrom("attempt").selectAll().where("id", "in", some).execute());
}

/** The workers of these attempts beside those of rank 0, by rank. */
export async function selectMates(db: Db, leaders: readonly AttemptId[]): Promise<AttemptRow[]> {
  return inPortions(leaders, (some) =>
    db.selectFrom("attempt").selectAll().where("leader_id", "in", some).orderBy("rank").execute(),
  );
}

/** The tries at a run, as one of its workers made them, in order. What was taken back before it began was none. */
export async function selectAttemptsOfRun(db: Db, job: JobId, n: number, rank = 0): Promise<AttemptRow[]> {
  const rows = await db
    .selectFrom("attempt")
    .selectAll()
    .where("job_id", "=", job)
    .where("n", "=", n)
    .where("rank", "=", rank)
    .orderBy("try")
    .orderBy("assigned_at")
    .execute();
  return rows.filter((row) => row.ending_json === null || JSON.parse(row.ending_json).kind !== "never_began");
}

/**
 * Notes that what runs in `spans` is to be stopped, and why. Only runs of resumable jobs can be preempted. A wish that stands already stays, but that a cancelled run
 * does not come back although it was to make room for another one before, and that it may be given less grace than it
 * was at first. Returns which are new.
 */
export async function wantStops(db: Db, spans: readonly RunSpan[], reason: StopReason, graceMs: number) {
  const wish = () => {
    const update = db
      .updateTable("attempt")
      .set({ stop_reason: reason, stop_grace_ms: graceMs })
      .where("status", "<>", sql.lit("ended"))
      .returning(["id", "machine_id"]);
    if (reason === "preempted") {
      const resumable = db.selectFrom("job").select("id").where("resumable", "=", 1);
      return update.where("stop_reason", "is", null).where("job_id", "in", resumable);
    }
    if (reason !== "cancelled") return update.where("stop_reason", "is", null);
    return update.where((is) =>
      is.or([
        is("stop_reason", "is", null),
        is("stop_reason", "in", ["preempted", "withdrawn"]),
        is("stop_grace_ms", ">", graceMs),
      ]),
    );
  };
  const whole = spans.flatMap(({ job, range }) => (range === null ? [job] : []));
  const stops = await inPortions(whole, (some) => wish().where("job_id", "in", some).execute());
  for (const { job, range } of spans) {
    if (range === null) continue;
    const inRange = wish().where("job_id", "=", job).where("n", ">=", range.first).where("n", "<=", range.last);
    stops.push(...(await inRange.execute()));
  }
  return stops;
}

/** Which attempts are asked back: of these jobs, on this machine, these themselves, or all. */
type AskedBack = { jobs: JobId[] } | { machine: number } | { attempts: AttemptId[] } | "all";

/** What attempts are known by in a cluster's queue, from now on. */
export async function setTickets(db: Db, tickets: readonly { attempt: string; ticket: Ticket }[]): Promise<void> {
  if (tickets.length === 0) return;
  const rows = tickets.map(({ attempt, ticket }) => [attempt, JSON.stringify(ticket)]);
  await sql`update attempt set ticket_json = handed.ticket
    from ${wordsOf(db).table({ id: "text", ticket: "text" }, rows)} as handed where attempt.id = handed.id`.execute(db);
}

/** Asks for what waits on machines to come back to the queue. What has begun stays. */
export async function wantBack(db: Db, asked: AskedBack) {
  if (asked === "all") return withdrawal(db).execute();
  if ("machine" in asked) return withdrawal(db).where("machine_id", "=", asked.machine).execute();
  if ("jobs" in asked) return inPortions(asked.jobs, (some) => withdrawal(db).where("job_id", "in", some).execute());
  return inPortions(asked.attempts, (some) => withdrawal(db).where("id", "in", some).execute());
}

function withdrawal(db: Db) {
  return (
    db
      .updateTable("attempt")
      .set({ stop_reason: "withdrawn", stop_grace_ms: 0 })
      .where("status", "<>", sql.lit("ended"))
      .where("status", "in", ["assigned", "taken"])
      .where("stop_reason", "is", null)
      // Several workers start together: one does not wait in a line, and is not taken from among the others.
      .where("port", "is", null)
      .returning(["id", "machine_id"])
  );
}

/** What of a machine is to be stopped. */
export async function selectWantedStops(db: Db, machine: number): Promise<AttemptRow[]> {
  return db
    .selectFrom("attempt")
    .selectAll()
    .where("machine_id", "=", machine)
    .where("status", "<>", sql.lit("ended"))
    .where("stop_reason", "is not", null)
    .execute();
}
