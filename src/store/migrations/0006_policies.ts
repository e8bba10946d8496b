import { type Kysely, sql } from "kysely";

/** How pools share out what they have, and what runs have had of it. */
export async function policies(db: Kysely<never>): Promise<void> {
  await sql`alter table pool add column rules_json text`.execute(db);
  await sql`alter table job add column expected_ms bigint`.execute(db);
  await sql`alter table run add column served_ms bigint not null default 0`.execute(db);
  await sql`create index run_going_on on run (job_id, n) where status = 'queued' and served_ms > 0`.execute(db);
}
