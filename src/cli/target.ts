import { parseSelectors } from "../core/selector.ts";
import type { Connection } from "./connect.ts";
import { pages } from "./pages.ts";
import { wrongUsage } from "./stop.ts";

/** A job, or some of its runs, that a command looks at. */
export interface Target {
  job: number;
  /** Null: the whole job. */
  runs: { first: number; last: number } | null;
}

/** What the words name, one target a job. Refuses what does not exist. */
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
    const select = selector.kind === "all" ? "all" : (text.split(",")[i] ?? text);
    // Also runs are asked for: it refuses those that do not exist.
    const runs = selector.kind === "runs" ? { first: selector.first, last: selector.last } : null;
    for await (const { jobs } of pages(connection, "listJobs", { query: { select, sort: "id" } }))
      found.push(...jobs.map((job) => ({ job: job.id, runs })));
  }
  return found;
}

/** The only target that the words name. */
export async function oneTarget(connection: Connection, words: readonly string[]): Promise<Target> {
  const [target, ...more] = await targets(connection, words);
  if (target && more.length === 0) return target;
  throw wrongUsage(`"${words.join(" ")}" names more than one job. Name one: 12, 12.3 or 12.1-5`);
}

/** The only job that the words name, by its number: `12`, `last`. */
export async function oneJob(connection: Connection, words: readonly string[]): Promise<number> {
  const { job, runs } = await oneTarget(connection, words);
  if (!runs) return job;
  throw wrongUsage(`"${words.join(" ")}" is not a whole job. Name one by its number: ${job}`);
}
