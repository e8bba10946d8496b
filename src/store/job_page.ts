import { type RawBuilder, type SqlBool, sql } from "kysely";
import { type JobStatus, jobStatus } from "../core/job.ts";
import type { Page } from "../core/page.ts";
import { contains } from "./contains.ts";
import { type Db, wordsOf } from "./dialect.ts";
import { type JobRow, readJob } from "./jobs.ts";
import { paged, type SortColumn } from "./pages.ts";

/** Which jobs a list shows. Null: it does not matter. */
export interface JobFilter {
  statuses: readonly JobStatus[] | null;
  /** Only those that have not ended (true), or only those that have (false). */
  open: boolean | null;
  user: string | null;
  pool: string | null;
  tag: string | null;
  /** Part of the name or the command. */
  search: string | null;
  /** Only these. */
  ids: readonly number[] | null;
}

export type JobSortKey = "id" | "name" | "user" | "pool" | "status" | "priority" | "runs" | "submittedAt" | "endedAt";

const id = sql.ref("id");
/** As core's `jobStatus` has it. */
const status = sql<string>`(case when running > 0 then 'running'
  when queued > 0 then (case when queued = total - skipped then 'queued' else 'running' end)
  when failed > 0 then 'failed' when cancelled > 0 then 'cancelled' else 'succeeded' end)`;
/** What jobs can be listed by. */
export const jobColumns: Record<JobSortKey, SortColumn<JobRow>> = {
  id: { by: id, of: (job) => job.id, kind: "whole", isAlwaysThere: true },
  name: { by: sql.ref("name"), of: (job) => job.name, kind: "text", isAlwaysThere: true },
  user: { by: sql.ref("user_name"), of: (job) => job.user, kind: "text", isAlwaysThere: true },
  pool: { by: sql.ref("pool"), of: (job) => job.pool, kind: "text", isAlwaysThere: true },
  status: { by: status, of: (job) => jobStatus(job.counts), kind: "text", isAlwaysThere: true },
  priority: { by: sql.ref("priority"), of: (job) => job.priority, kind: "whole", isAlwaysThere: true },
  runs: { by: sql.ref("total"), of: (job) => job.counts.total, kind: "whole", isAlwaysThere: true },
  submittedAt: { by: sql.ref("submitted_at"), of: (job) => job.submittedAt, kind: "whole", isAlwaysThere: true },
  endedAt: { by: sql.ref("ended_at"), of: (job) => job.endedAt, kind: "whole", isAlwaysThere: false },
};

/** @param skip  how many to leave out, for who jumps into the middle of a list; default 0 */
export async function selectJobPage(db: Db, filter: JobFilter, page: Page<JobSortKey>, skip = 0): Promise<JobRow[]> {
  const { behind, order } = paged(page, jobColumns, id);
  const query = db
    .selectFrom("job")
    .selectAll()
    .where(meant(db, filter))
    .where(behind)
    .orderBy(order)
    .limit(page.limit);
  return (await (skip > 0 ? query.offset(skip) : query).execute()).map(readJob);
}

export async function countJobs(db: Db, filter: JobFilter): Promise<number> {
  const count = db.selectFrom("job").select(sql<number>`count(*)`.as("jobs")).where(meant(db, filter));
  return Number((await count.executeTakeFirstOrThrow()).jobs);
}

function meant(db: Db, filter: JobFilter): RawBuilder<SqlBool> {
  const conditions: RawBuilder<SqlBool>[] = [sql`1 = 1`];
  if (filter.statuses !== null) conditions.push(sql`${status} in (${sql.join(filter.statuses)})`);
  if (filter.open !== null) conditions.push(filter.open ? sql`ended_at is null` : sql`ended_at is not null`);
  if (filter.user !== null) conditions.push(sql`user_name = ${filter.user}`);
  if (filter.pool !== null) conditions.push(sql`pool = ${filter.pool}`);
  if (filter.tag !== null) conditions.push(contains(sql.ref("tags_json"), JSON.stringify(filter.tag)));
  if (filter.search !== null) {
    const inCommand = JSON.stringify(filter.search).slice(1, -1);
    conditions.push(sql`(${containsAnyCase("name", filter.search)} or ${containsAnyCase("command_json", inCommand)})`);
  }
  if (filter.ids !== null) {
    const rows = filter.ids.map((one) => [one]);
    conditions.push(sql`id in (select id from ${wordsOf(db).table({ id: "bigint" }, rows)} as meant)`);
  }
  return sql<SqlBool>`(${sql.join(conditions, sql` and `)})`;
}

function containsAnyCase(column: "name" | "command_json", part: string): RawBuilder<SqlBool> {
  return contains(sql`lower(coalesce(${sql.ref(column)}, ''))`, sql`lower(cast(${part} as text))`);
}
