import { type Kysely, sql } from "kysely";

/** A run may be tried again with other code than its job was submitted with. */
export async function runCode(db: Kysely<never>): Promise<void> {
  await sql`alter table run add column code_json text`.execute(db);
}
