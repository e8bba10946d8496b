import type { Run } from "../api/run.ts";
import type { Connection } from "./connect.ts";
import { pages } from "./pages.ts";

export type RunPages = AsyncIterable<Run[]>;

/** A job's runs in order, page by page. */
export async function* runPages(
  connection: Connection,
  job: number,
  which: { range: { first: number; last: number } | null; status?: string; most: number },
): AsyncGenerator<Run[]> {
  const { range, status, most } = which;
  if (most === 0) return;
  let left = most;
  const query = { ...range, ...(status !== undefined && { status }) };
  for await (const { runs } of pages(connection, "listRuns", { params: { job }, query }, most)) {
    yield runs.slice(0, left);
    left -= runs.length;
    if (left <= 0) return;
  }
}
