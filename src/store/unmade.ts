import { sql } from "kysely";
import type { JobId } from "../core/run.ts";
import type { Db } from "./dialect.ts";

/** How many runs of the job have no row. */
export async function countUnmade(db: Db, job: JobId): Promise<number> {
  const row = await db
    .selectFrom("job")
    .select(["made", "total"])
    .select((query) =>
      query
        .selectFrom("run")
        .select(sql<number>`count(*)`.as("rows"))
        .whereRef("run.job_id", "=", "job.id")
        .whereRef("run.n", ">", "job.made")
        .as("ahead"),
    )
    .where("id", "=", job)
    .executeTakeFirst();
  return row ? row.total - row.made - (row.ahead ?? 0) : 0;
}
