import { sql } from "kysely";
import type { JobId } from "../core/run.ts";
import type { Db } from "./dialect.ts";
import { wordsOf } from "./dialect.ts";

/** The largest and the smallest number that runs of a job have as a result under a key, and one run with each. */
export interface Extremes {
  job: JobId;
  key: string;
  most: number;
  mostRun: number;
  least: number;
  leastRun: number;
}

/** For each key of the results of these jobs, found by steps along the index: it costs as much as there are keys. */
export async function selectExtremes(db: Db, jobs: readonly JobId[]): Promise<Extremes[]> {
  if (jobs.length === 0) return [];
  const asked = wordsOf(db).table(
    { id: "bigint" },
    jobs.map((job) => [job]),
  );
  const end = (column: "value" | "n", order: "asc" | "desc") =>
    sql`(select ${sql.ref(column)} from result_number r where r.job_id = k.job_id and r.key = k.key
      order by r.value ${sql.raw(order)}, r.n limit 1)`;
  const { rows } = await sql<Extremes>`with recursive k(job_id, key) as (
      select asked.id, (select min(r.key) from result_number r where r.job_id = asked.id) from ${asked} as asked
      union all
      select k.job_id, (select min(r.key) from result_number r where r.job_id = k.job_id and r.key > k.key)
      from k where k.key is not null)
    select k.job_id as job, k.key as key, ${end("value", "desc")} as most, ${end("n", "desc")} as "mostRun",
      ${end("value", "asc")} as least, ${end("n", "asc")} as "leastRun"
    from k where k.key is not null`.execute(db);
  return rows;
}
