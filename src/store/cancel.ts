import { sql } from "kysely";
import type { JobId, UnixMs } from "../core/run.ts";
import { settleDependants } from "./dependencies.ts";
import type { Db, Dialect } from "./dialect.ts";
import { inPortions } from "./portions.ts";
import { type RunSpan, standsIn } from "./runs.ts";
import { type CountChanges, shift, writeCounts } from "./transition.ts";

/**
 * Cancels what waits in `spans`. What runs is not touched here: see wantStops.
 * Returns how many were cancelled and which jobs were touched by it.
 */
export async function cancelQueued(
  db: Db,
  dialect: Dialect,
  spans: readonly RunSpan[],
  now: UnixMs,
): Promise<{ runs: number; touched: JobId[] }> {
  const changes: CountChanges = new Map();
  const whole = new Set(spans.flatMap(({ job, range }) => (range === null ? [job] : [])));
  const cancelled = await inPortions([...whole], (some) => cancelJobs(db, some, now, changes));
  for (const { job, range } of spans) {
    if (range === null || whole.has(job)) continue;
    cancelled.push(await cancelRange(db, dialect, job, range, now, changes));
  }
  const runs = cancelled.reduce((sum, one) => sum + one, 0);
  const ended = await writeCounts(db, changes, now);
  return { runs, touched: [...changes.keys(), ...(await settleDependants(db, ended, now))] };
}

/** However many jobs they are, this takes a few statements. What has no row yet waits too, and will be made cancelled. */
async function cancelJobs(db: Db, jobs: JobId[], now: UnixMs, changes: CountChanges): Promise<number[]> {
  const waiting = await db
    .selectFrom("job")
    .select(["id", "queued"])
    .where("id", "in", jobs)
    .where("queued", ">", 0)
    .execute();
  if (waiting.length === 0) return [];
  const ids = waiting.map(({ id }) => id);
  await db
    .updateTable("run")
    .set({ status: "cancelled", ended_at: now })
    .where("job_id", "in", ids)
    .where(standsIn(["queued"]))
    .execute();
  await db
    .updateTable("job")
    .set({ unmade_status: "cancelled", unmade_ended_at: now })
    .where("id", "in", ids)
    .where("unmade_status", "=", "queued")
    .execute();
  for (const { id, queued } of waiting) shift(changes, id, "queued", "cancelled", queued);
  return waiting.map(({ queued }) => queued);
}

async function cancelRange(
  db: Db,
  dialect: Dialect,
  job: JobId,
  { first, last }: { first: number; last: number },
  now: UnixMs,
  changes: CountChanges,
): Promise<number> {
  const row = await db
    .selectFrom("job")
    .select(["queued", "made", "unmade_status"])
    .where("id", "=", job)
    .executeTakeFirst();
  if (!row || row.queued === 0) return 0;
  const updated = await db
    .updateTable("run")
    .set({ status: "cancelled", ended_at: now })
    .where("job_id", "=", job)
    .where(standsIn(["queued"]))
    .where("n", ">=", first)
    .where("n", "<=", last)
    .executeTakeFirst();
  let runs = Number(updated.numUpdatedRows);
  const from = Math.max(first, row.made + 1);
  if (row.unmade_status === "queued" && from <= last) runs += await makeCancelled(db, dialect, job, from, last, now);
  shift(changes, job, "queued", "cancelled", runs);
  return runs;
}

/** Makes the rows in this range that are missing, as cancelled. Returns how many. */
async function makeCancelled(
  db: Db,
  dialect: Dialect,
  job: JobId,
  from: number,
  to: number,
  now: UnixMs,
): Promise<number> {
  const result = await sql`insert into run (job_id, n, status, ended_at)
    select job.id, series.n, 'cancelled', cast(${now} as bigint) from job, ${dialect.series(from, to)} as series
    where job.id = ${job} and series.n <= job.total on conflict do nothing`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
}
