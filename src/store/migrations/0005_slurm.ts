import { type Kysely, sql } from "kysely";

/** Clusters behind Slurm, and what attempts are known by there. */
export async function slurm(db: Kysely<never>): Promise<void> {
  await sql`alter table machine add column cluster_json text`.execute(db);
  await sql`alter table attempt add column ticket_json text`.execute(db);
}
