import { type Kysely, sql } from "kysely";

/** What a token has made ends with it: a browser's session, when the token that let the browser in is revoked. */
export async function sessions(db: Kysely<never>): Promise<void> {
  await sql`alter table token add column made_by text`.execute(db);
}
