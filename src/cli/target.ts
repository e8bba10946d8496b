import { parseSelectors } from "../core/selector.ts";
import type { Connection } from "./connect.ts";
import { wrongUsage } from "./stop.ts";

/** A job, or some of its runs, that a command looks at. */
export interface Target {
  job: number;
  /** Null: the whole job. */
  runs: { first: number; last: number } | null;
}

/** What the words name, one target a job; `last` is asked of the yard. */
export async function targets(connection: Connection, words: readonly string[]): Promise<Target[]> {
  const text = words.join(",");
  const selectors = parseSelectors(text);
  if (!selectors) {
    throw wrongUsage(
      `"${text}" names no jobs or runs. Write a job (12), a run (12.3), a range (12.1-5, 7-9), a list (3,5) or last.`,
    );
  }
  const found: Target[] = [];
  for (const [i, selector] of selectors.entries()) {
    if (selector.kind === "runs") {
      found.push({ job: selector.job, runs: { first: selector.first, last: selector.last } });
      continue;
    }
    const select = selector.kind === "all" ? "all" : (text.split(",")[i] ?? text);
    const { jobs } = await connection.client.call("listJobs", { query: { select } });
    found.push(...jobs.map((job) => ({ job: job.id, runs: null })));
  }
  return found;
}

/** The only target that the words name. */
export async function oneTarget(connection: Connection, words: readonly string[]): Promise<Target> {
  const [target, ...more] = await targets(connection, words);
  if (target && more.length === 0) return target;
  throw wrongUsage(`"${words.join(" ")}" names more than one job. Name one: 12, 12.3 or 12.1-5`);
}
