import { type Kysely, sql } from "kysely";
import type { Dialect } from "../dialect.ts";

/** Who is told of what, where; what is to be told still; what is wrong and has been told. */
export async function notices(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await sql`alter table job add column notify_json text`.execute(db);
  await sql`create table notice_target (id ${dialect.countedKey}, user_name text not null, address text not null,
    shown text not null, sorts_json text not null, created_at bigint not null, unique (user_name, address))`.execute(
    db,
  );
  await sql`create table notice (id ${dialect.countedKey}, user_name text not null, job_id bigint, is_test integer not null, address text not null,
    shown text not null, body_json text not null, state text not null, tries integer not null, problem text,
    created_at bigint not null, due_at bigint not null, told_at bigint)`.execute(db);
  await sql`create index notice_waiting on notice (address, due_at) where state = 'waiting'`.execute(db);
  await sql`create index notice_job on notice (job_id, id)`.execute(db);
  await sql`create index notice_user on notice (user_name, id)`.execute(db);
  await sql`create table known_trouble (key text primary key, since bigint not null, trouble_json text not null,
    helpers_json text not null) ${dialect.keyedTable}`.execute(db);
}
