import { type Kysely, sql } from "kysely";
import type { Dialect } from "../dialect.ts";

/** Machines behind ssh, and enquiries: questions to a machine that need an answer now. */
export async function ssh(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await sql`alter table machine add column driver text not null default 'agent'`.execute(db);
  await sql`alter table machine add column login_json text`.execute(db);
  await sql`create table enquiry (id ${dialect.countedKey}, machine_id bigint not null, question_json text not null,
    deadline bigint not null, answer_json text)`.execute(db);
  await sql`create index enquiry_open on enquiry (machine_id, id) where answer_json is null`.execute(db);
}
