import { sql } from "kysely";
import type { JobId } from "../core/run.ts";
import { type Db, wordsOf } from "./dialect.ts";

interface RunKey {
  job_id: JobId;
  n: number;
}

/** Keeps the numbers of these runs' results where they can be sorted by; what was kept of them before is gone. */
export async function keepNumbers(db: Db, results: (RunKey & { result: Record<string, unknown> })[]): Promise<void> {
  if (results.length === 0) return;
  await forgetNumbers(db, results);
  const rows = results.flatMap(({ job_id, n, result }) =>
    Object.entries(result).flatMap(([key, value]): [JobId, number, string, number][] =>
      typeof value === "number" ? [[job_id, n, key, value]] : [],
    ),
  );
  if (rows.length === 0) return;
  const columns = { job_id: "bigint", n: "bigint", key: "text", value: "double precision" } as const;
  await sql`insert into result_number (job_id, n, key, value)
    select job_id, n, key, value from ${wordsOf(db).table(columns, rows)} as kept`.execute(db);
}

export async function forgetNumbers(db: Db, runs: RunKey[]): Promise<void> {
  if (runs.length === 0) return;
  const rows = runs.map(({ job_id, n }) => [job_id, n]);
  await sql`delete from result_number where (job_id, n) in (
    select job_id, n from ${wordsOf(db).table({ job_id: "bigint", n: "bigint" }, rows)} as forgotten)`.execute(db);
}
