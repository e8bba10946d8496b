import { type Kysely, sql } from "kysely";
import type { Dialect } from "../dialect.ts";

/** How GPUs were used, by minutes and by longer stretches. */
export async function machineUse(db: Kysely<never>, dialect: Dialect): Promise<void> {
  await sql`create table machine_use (machine_id bigint not null, span_ms bigint not null, at bigint not null,
    gpus_json text not null, primary key (machine_id, span_ms, at)) ${dialect.keyedTable}`.execute(db);
  await sql`create index machine_use_age on machine_use (span_ms, at)`.execute(db);
}
