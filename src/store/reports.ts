import { sql } from "kysely";
import type { Slot } from "../core/demand.ts";
import { type WorkerEnd as AttemptEnd, endOfGang, endsTheOthers } from "../core/gang.ts";
import type { Peaks } from "../core/peaks.ts";
import { type AttemptId, type Ending, exitCodeOf, type JobId, type StopReason, type UnixMs } from "../core/run.ts";
import type { Symptom } from "../core/symptom.ts";
import { countsAsTry, outcome } from "../core/transitions.ts";
import { settleDependants } from "./dependencies.ts";
import { type Db, storable, wordsOf } from "./dialect.ts";
import { keepNumbers } from "./result_numbers.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

/** What drivers report, as the store keeps it. Each is idempotent: said twice, it counts once. */

export interface Started extends Seated {
  attempt: AttemptId;
  at: UnixMs;
}

/** Where an attempt turned out to be, where its machine is a cluster. Absent: as it was given. */
interface Seated {
  node?: string | undefined;
  /** A Slot, as JSON. */
  slot?: string | undefined;
}

export interface Observed {
  attempt: AttemptId;
  progress: { done: number; of: number | null } | null;
  metrics: Record<string, unknown>;
  result: Record<string, unknown>;
}

export interface Ended extends Peaks, Seated {
  attempt: AttemptId;
  startedAt: UnixMs | null;
  endedAt: UnixMs;
  ending: Ending;
  /** The limit at which the machine itself stopped it; null: it did not. */
  timeLimitMs: number | null;
  /** Its cluster took it back: it goes on in a new attempt. */
  isInterrupted?: boolean | undefined;
  symptom: Symptom | null;
  /** Where its streams lie, as JSON. */
  output: string;
}

/** What a report changed, for those who watch. */
export interface Touched {
  job: JobId;
  n: number;
  attempt: AttemptId;
}

export async function recordStarts(db: Db, starts: Started[]): Promise<Touched[]> {
  if (starts.length === 0) return [];
  const rows = starts.map(({ attempt, at, slot }) => [attempt, Math.round(at), slot ?? null]);
  const nodes = new Map(starts.map(({ attempt, node }) => [attempt, node]));
  const started = await sql<{ id: AttemptId; job_id: JobId; n: number; started_at: UnixMs }>`update attempt
    set status = 'running', started_at = start.at, slot_json = coalesce(start.slot, attempt.slot_json)
    from ${wordsOf(db).table({ id: "text", at: "bigint", slot: "text" }, rows)} as start
    where attempt.id = start.id and attempt.status in ('assigned', 'taken')
    returning coalesce(attempt.leader_id, attempt.id) as id, attempt.job_id, attempt.n, attempt.started_at`.execute(db);
  if (started.rows.length === 0) return [];
  const columns = { id: "text", job_id: "bigint", n: "bigint", at: "bigint", node: "text" } as const;
  const runs = started.rows.map((row) => [row.id, row.job_id, row.n, row.started_at, nodes.get(row.id) ?? null]);
  // With several workers it has started when the first one has.
  await sql`update run set status = 'running', started_at = coalesce(run.started_at, start.at),
    machine = coalesce(start.node, run.machine)
    from ${wordsOf(db).table(columns, runs)} as start
    where run.job_id = start.job_id and run.n = start.n and run.attempt_id = start.id`.execute(db);
  return started.rows.map(({ id, job_id, n }) => ({ job: job_id, n, attempt: id }));
}

/** What attempts have held so far: it only rises, and what has ended stays as it was told at its end. */
export async function recordPeaks(db: Db, held: ({ attempt: AttemptId } & Peaks)[]): Promise<void> {
  const known = held.filter(
    ({ memoryPeakBytes, gpuMemoryPeakBytes }) => (memoryPeakBytes ?? gpuMemoryPeakBytes) !== null,
  );
  if (known.length === 0) return;
  const columns = { id: "text", memory_peak_bytes: "bigint", gpu_memory_peak_bytes: "bigint" } as const;
  const rows = known.map((one) => [one.attempt, rounded(one.memoryPeakBytes), rounded(one.gpuMemoryPeakBytes)]);
  await sql`update attempt set ${higherPeaks} from ${wordsOf(db).table(columns, rows)} as past
    where attempt.id = past.id and attempt.status <> 'ended'`.execute(db);
}

/** Of what the row says and what has been reported; a comparison with null is not true. */
const higherPeaks = sql.join(
  ["memory_peak_bytes", "gpu_memory_peak_bytes"].map((column) => {
    const [row, past] = [sql.ref(`attempt.${column}`), sql.ref(`past.${column}`)];
    return sql`${sql.ref(column)} = case when ${past} > coalesce(${row}, -1) then ${past} else ${row} end`;
  }),
);

interface Seen extends Touched {
  progress: string | null;
  metrics: Record<string, unknown> | null;
  result: Record<string, unknown> | null;
}

/** Last values win; a run that has moved on to another attempt keeps that one's. */
export async function recordObserved(db: Db, observed: Observed[]): Promise<Touched[]> {
  const seen = await selectSeen(db, [...new Set(observed.map((one) => one.attempt))]);
  if (seen.size === 0) return [];
  for (const { attempt, progress, metrics, result } of observed) {
    const run = seen.get(attempt);
    if (!run) continue;
    if (progress) run.progress = JSON.stringify(progress);
    if (Object.keys(metrics).length > 0) run.metrics = { ...run.metrics, ...storableValues(metrics) };
    if (Object.keys(result).length > 0) run.result = { ...run.result, ...storableValues(result) };
  }
  const runs = [...seen.values()];
  const columns = { job_id: "bigint", n: "bigint", progress: "text", metrics: "text", result: "text" } as const;
  const rows = runs.map((run) => [run.job, run.n, run.progress, jsonOrNull(run.metrics), jsonOrNull(run.result)]);
  await sql`update run set progress_json = seen.progress, metrics_json = seen.metrics, result_json = seen.result
    from ${wordsOf(db).table(columns, rows)} as seen where run.job_id = seen.job_id and run.n = seen.n`.execute(db);
  const results = runs.flatMap(({ job, n, result }) => (result ? [{ job_id: job, n, result }] : []));
  await keepNumbers(db, results);
  return runs.map(({ job, n, attempt }) => ({ job, n, attempt }));
}

async function selectSeen(db: Db, attempts: AttemptId[]): Promise<Map<AttemptId, Seen>> {
  if (attempts.length === 0) return new Map();
  const rows = await db
    .selectFrom("attempt")
    .innerJoin("run", (join) => join.onRef("run.job_id", "=", "attempt.job_id").onRef("run.n", "=", "attempt.n"))
    .select(["run.job_id", "run.n", "attempt.id", "run.progress_json", "run.metrics_json", "run.result_json"])
    .where("attempt.id", "in", attempts)
    .whereRef("run.attempt_id", "=", "attempt.id")
    .execute();
  return new Map(
    rows.map((row) => {
      const metrics = row.metrics_json === null ? null : JSON.parse(row.metrics_json);
      const result = row.result_json === null ? null : JSON.parse(row.result_json);
      return [row.id, { job: row.job_id, n: row.n, attempt: row.id, progress: row.progress_json, metrics, result }];
    }),
  );
}

function storableValues(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      storable(name),
      typeof value === "string" ? storable(value) : value,
    ]),
  );
}

function jsonOrNull(values: Record<string, unknown> | null): string | null {
  return values && JSON.stringify(values);
}

export interface EndsRecorded {
  touched: Touched[];
  /** Jobs whose waiting runs or ends have changed: the loop looks at them again. */
  jobs: JobId[];
  /** Those of them whose waiting runs were settled by the end of another job. */
  settled: JobId[];
  endedJobs: JobId[];
  /** Machines on which workers are to stop, since others of their attempts have not ended well. */
  stopping: number[];
}

/** What a worker is given to end in when another one has not ended well. */
const OTHERS_GRACE_MS = 5000;

export async function recordEnds(db: Db, ends: Ended[], now: UnixMs): Promise<EndsRecorded> {
  if (ends.length === 0) return { touched: [], jobs: [], settled: [], endedJobs: [], stopping: [] };
  const touched: Touched[] = [];
  const attempts: Cells[] = [];
  const runs: Cells[] = [];
  const changes: CountChanges = new Map();
  const rows = await selectForEnds(
    db,
    ends.map((end) => end.attempt),
  );
  const leaders = new Map<AttemptId, RunOfEnd>();
  const over: { run: RunOfEnd; end: AttemptEnd; timeLimitMs: number | null; node: string | null }[] = [];
  for (const end of ends) {
    const row = rows.get(end.attempt);
    if (!row) continue;
    rows.delete(end.attempt);
    const startedAt = rounded(end.startedAt);
    const endedAt = Math.round(end.endedAt);
    // What its user has cancelled does not come back, however it ended.
    const isAtLimit = end.timeLimitMs !== null && row.stop_reason !== "cancelled";
    const isInterrupted = end.isInterrupted === true && row.stop_reason !== "cancelled";
    const asked = isInterrupted ? "preempted" : isAtLimit ? "time_limit" : row.stop_reason;
    const { ending, symptom, slot = null, node = null } = end;
    const peaks = [rounded(end.memoryPeakBytes), rounded(end.gpuMemoryPeakBytes)];
    attempts.push([
      end.attempt,
      startedAt,
      endedAt,
      JSON.stringify(ending),
      asked,
      end.output,
      symptom,
      ...peaks,
      slot,
    ]);
    touched.push({ job: row.job_id, n: row.n, attempt: end.attempt });
    const leader = row.leader_id ?? row.id;
    if (row.attempt_id !== leader) continue;
    if (row.port === null)
      over.push({ run: row, end: { ending, asked, startedAt, endedAt, symptom }, timeLimitMs: end.timeLimitMs, node });
    else leaders.set(leader, row);
  }
  if (attempts.length > 0) await endAttempts(db, attempts);
  const stopping = new Set<number>();
  for (const [leader, run] of leaders) {
    const { end, node, machines } = await endGang(db, leader);
    if (end) over.push({ run, end, timeLimitMs: run.time_limit_ms, node });
    for (const machine of machines) stopping.add(machine);
  }
  for (const { run, end, timeLimitMs, node } of over) {
    const tries = run.tries + (countsAsTry(end.ending, end.asked) ? 1 : 0);
    const next = outcome(end.ending, end.asked, tries, run.retries, timeLimitMs, end.symptom);
    const cause = "cause" in next && next.cause ? JSON.stringify(next.cause) : null;
    const runEndedAt = next.status === "queued" ? null : end.endedAt;
    // What never began was no attempt: the next one bears its number.
    const takenBack = end.ending.kind === "never_began" ? 1 : 0;
    const code = exitCodeOf(end.ending);
    const goesOn = run.resumable === 1 && next.status === "queued" && end.startedAt !== null;
    const servedMs = goesOn ? Math.max(0, end.endedAt - (end.startedAt ?? 0)) : 0;
    const past = [next.status, tries, takenBack, cause, code, end.startedAt, runEndedAt, node, servedMs];
    runs.push([run.job_id, run.n, ...past]);
    shift(changes, run.job_id, run.status, next.status);
  }
  if (runs.length > 0) await endRuns(db, runs);
  const endedJobs = await writeCounts(db, changes, now);
  const dependants = await settleDependants(db, endedJobs, now);
  return {
    touched,
    jobs: [...changes.keys(), ...dependants],
    settled: dependants,
    endedJobs,
    stopping: [...stopping],
  };
}

type RunOfEnd = Awaited<ReturnType<typeof selectForEnds>> extends Map<AttemptId, infer Row> ? Row : never;

/** One worker of an attempt has ended: how the attempt has, once all have; and where others are to stop for its sake. */
async function endGang(
  db: Db,
  leader: AttemptId,
): Promise<{ end: AttemptEnd | null; node: string | null; machines: number[] }> {
  const workers = await db
    .selectFrom("attempt")
    .select(["status", "ending_json", "stop_reason", "started_at", "ended_at", "symptom", "slot_json"])
    .where((is) => is.or([is("id", "=", leader), is("leader_id", "=", leader)]))
    .orderBy("rank")
    .execute();
  const ends = workers.flatMap(({ status, ending_json, stop_reason, started_at, ended_at, symptom }) => {
    if (status !== "ended" || ending_json === null) return [];
    const ending = JSON.parse(ending_json) as Ending;
    const asked = stop_reason as StopReason | null;
    return [{ ending, asked, startedAt: started_at, endedAt: ended_at ?? 0, symptom }];
  });
  const { node = null } = JSON.parse(workers[0]?.slot_json ?? "{}") as Partial<Slot>;
  if (ends.length === workers.length) return { end: endOfGang(ends), node, machines: [] };
  if (!ends.some(endsTheOthers)) return { end: null, node, machines: [] };
  const stopped = await db
    .updateTable("attempt")
    .set({ stop_reason: "worker_ended", stop_grace_ms: OTHERS_GRACE_MS })
    .where((is) => is.or([is("id", "=", leader), is("leader_id", "=", leader)]))
    .where("status", "<>", sql.lit("ended"))
    .where("stop_reason", "is", null)
    .returning("machine_id")
    .execute();
  return { end: null, node, machines: stopped.map(({ machine_id }) => machine_id) };
}

type Cells = (string | number | null)[];

async function endAttempts(db: Db, rows: Cells[]): Promise<void> {
  const columns = {
    id: "text",
    started_at: "bigint",
    ended_at: "bigint",
    ending_json: "text",
    stop_reason: "text",
    output_json: "text",
    symptom: "text",
    memory_peak_bytes: "bigint",
    gpu_memory_peak_bytes: "bigint",
    slot: "text",
  } as const;
  await sql`update attempt set status = 'ended', slot_json = coalesce(past.slot, attempt.slot_json), started_at = coalesce(past.started_at, attempt.started_at),
    ended_at = past.ended_at, ending_json = past.ending_json, stop_reason = past.stop_reason,
    output_json = past.output_json, symptom = past.symptom, ${higherPeaks}
    from ${wordsOf(db).table(columns, rows)} as past where attempt.id = past.id`.execute(db);
}

async function endRuns(db: Db, rows: Cells[]): Promise<void> {
  const columns = {
    job_id: "bigint",
    n: "bigint",
    status: "text",
    tries: "bigint",
    taken_back: "bigint",
    cause_json: "text",
    exit_code: "bigint",
    started_at: "bigint",
    ended_at: "bigint",
    node: "text",
    served_ms: "bigint",
  } as const;
  await sql`update run set status = past.status, tries = past.tries, served_ms = run.served_ms + past.served_ms,
    attempts = run.attempts - past.taken_back, machine = coalesce(past.node, run.machine), cause_json = past.cause_json,
    exit_code = past.exit_code, started_at = coalesce(past.started_at, run.started_at), ended_at = past.ended_at
    from ${wordsOf(db).table(columns, rows)} as past where run.job_id = past.job_id and run.n = past.n`.execute(db);
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

async function selectForEnds(db: Db, attempts: AttemptId[]) {
  const rows = await db
    .selectFrom("attempt")
    .innerJoin("run", (join) => join.onRef("run.job_id", "=", "attempt.job_id").onRef("run.n", "=", "attempt.n"))
    .innerJoin("job", "job.id", "attempt.job_id")
    .select(["attempt.id", "attempt.job_id", "attempt.n", "attempt.stop_reason", "attempt.leader_id", "attempt.port"])
    .select(["run.status", "run.tries", "run.attempt_id", "job.retries", "job.time_limit_ms", "job.resumable"])
    .where("attempt.id", "in", attempts)
    .where("attempt.status", "<>", sql.lit("ended"))
    .execute();
  return new Map(rows.map((row) => [row.id, { ...row, stop_reason: row.stop_reason as StopReason | null }]));
}
