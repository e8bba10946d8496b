import type { Run } from "../api/run.ts";
import type { Connection } from "./connect.ts";

export type RunPages = AsyncIterable<Run[]>;

const PAGE = 1000;

/** A job's runs in order, page by page. */
export async function* runPages(
  { client }: Connection,
  job: number,
  which: { range: { first: number; last: number } | null; status?: string; most: number },
): AsyncGenerator<Run[]> {
  const { range, status } = which;
  let left = which.most;
  for (let after = (range?.first ?? 1) - 1; left > 0; ) {
    const limit = Math.min(PAGE, left);
    const query = { after, limit, ...(range && { last: range.last }), ...(status !== undefined && { status }) };
    const page: { runs: Run[]; next: number | null } = await client.call("listRuns", { params: { job }, query });
    yield page.runs;
    left -= page.runs.length;
    if (page.next === null) return;
    after = page.next;
  }
}
