import { type Kysely, sql } from "kysely";

/** Attempts with several workers, a row each, and where machines reach each other. */
export async function workers(db: Kysely<never>): Promise<void> {
  await sql`alter table attempt add column rank integer not null default 0`.execute(db);
  await sql`alter table attempt add column leader_id text`.execute(db);
  await sql`alter table attempt add column port bigint`.execute(db);
  await sql`alter table attempt add column symptom text`.execute(db);
  await sql`create index attempt_leader on attempt (leader_id) where leader_id is not null`.execute(db);
  await sql`alter table machine add column address text`.execute(db);
}
