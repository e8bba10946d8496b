import { type Kysely, type RawBuilder, sql } from "kysely";
import type { Dialect } from "../dialect.ts";

/** The first form of the store. Never edited once released: what changes goes into a later migration. */
export async function first(db: Kysely<never>, dialect: Dialect): Promise<void> {
  const run = async (statement: RawBuilder<unknown>) => {
    await statement.execute(db);
  };
  await run(sql`create table fact (name text primary key, value text not null)`);
  await run(
    sql`create table lease (id integer primary key, holder text not null, epoch bigint not null, renewed_at bigint not null)`,
  );
  await run(sql`create table token (id text primary key, hash text not null unique, user_name text not null, role text not null,
    label text not null, created_at bigint not null, expires_at bigint, revoked_at bigint)`);
  await run(sql`create table audit (id ${dialect.countedKey}, at bigint not null, user_name text not null, action text not null,
    target text not null, detail_json text not null)`);
  await run(
    sql`create table pool (name text primary key, driver text not null, policy text not null, paused integer not null,
    owner text not null, shared integer not null)`,
  );
  await run(sql`create table machine (id ${dialect.countedKey}, name text not null unique, pool text not null,
    hardware_json text not null, slots_json text, drained integer not null, agent text, boot_id text, host text, spool text, seen_at bigint)`);
  await run(sql`create table job (id bigint primary key, name text not null, user_name text not null, pool text not null,
    priority integer not null, paused integer not null, command_json text, space_json text not null,
    demand_json text not null, plan_json text not null, tags_json text not null, retries integer not null, time_limit_ms bigint,
    at_most bigint, resumable integer not null, submitted_at bigint not null, ended_at bigint, made bigint not null,
    unmade_status text not null, unmade_cause_json text, unmade_ended_at bigint, total bigint not null,
    queued bigint not null, running bigint not null, succeeded bigint not null, failed bigint not null, cancelled bigint not null,
    skipped bigint not null, waiting_for integer not null)`);
  await run(sql`create index job_open on job (pool, priority desc, id) where ended_at is null`);
  await run(sql`create index job_unmade on job (id) where made < total`);
  await run(
    sql`create table job_lines (job_id bigint not null, first bigint not null, lines_json text not null, primary key (job_id, first)) ${dialect.keyedTable}`,
  );
  await run(sql`create table job_dependency (job_id bigint not null, on_job bigint not null, any_end integer not null,
    met integer not null, primary key (job_id, on_job)) ${dialect.keyedTable}`);
  await run(sql`create index job_dependency_on on job_dependency (on_job)`);
  await run(sql`create table run (job_id bigint not null, n bigint not null, status text not null, tries integer not null default 0,
    attempts integer not null default 0, attempt_id text, machine text, cause_json text, exit_code integer, started_at bigint,
    ended_at bigint, progress_json text, metrics_json text, result_json text, primary key (job_id, n)) ${dialect.keyedTable}`);
  await run(sql`create index run_queued on run (job_id, n) where status = 'queued'`);
  await run(sql`create index run_failed on run (job_id, n) where status = 'failed'`);
  await run(sql`create table result_number (job_id bigint not null, n bigint not null, key text not null,
    value double precision not null, primary key (job_id, n, key)) ${dialect.keyedTable}`);
  await run(sql`create index result_number_order on result_number (job_id, key, value, n)`);
  await run(sql`create table attempt (id text primary key, job_id bigint not null, n bigint not null, try integer not null,
    machine_id integer not null, epoch bigint not null, status text not null, agent text, slot_json text not null, previous_id text,
    stop_reason text, stop_grace_ms bigint, assigned_at bigint not null, started_at bigint, ended_at bigint, ending_json text,
    output_json text, snapshot text, memory_peak_bytes bigint, gpu_memory_peak_bytes bigint) ${dialect.keyedTable}`);
  await run(sql`create index attempt_run on attempt (job_id, n, try)`);
  await run(sql`create index attempt_open on attempt (machine_id, status) where status <> 'ended'`);
}
