import type { PastRun } from "../api/history.ts";
import { counted } from "../core/number_text.ts";
import { duration, isMisread } from "../core/option_values.ts";
import type { PoolRules } from "../core/policies/rules.ts";
import { printable } from "../core/printable.ts";
import { formatDuration } from "../core/quantity.ts";
import { type Cluster, gpusOf } from "../simulator/cluster.ts";
import { type LivedJob, livedJobs, type PastJob } from "../simulator/lived.ts";
import { connectToLook } from "./connect.ts";
import { allMachines, allPools, pages } from "./pages.ts";
import { noSuchPool } from "./pool_machines.ts";
import { clusterOf, describeCluster } from "./simulated_cluster.ts";
import { wrongUsage } from "./stop.ts";
import { note } from "./terminal.ts";

/** What a pool of the yard has run, and how it shares out what it has. */
export interface History {
  jobs: LivedJob[];
  /** What it is, for people: `local, the last 30d: 992 runs`. */
  title: string;
  rules: PoolRules;
  cluster: Cluster;
}

export interface HistoryWish {
  /** As it was written: `30d`. */
  span: string;
  pool: string;
  /** Null: what the machines of the pool have today, which is said on stderr. */
  cluster: Cluster | null;
  /** Nothing is simulated: it does not matter what there is. */
  isPrinted: boolean;
}

/** Asks the yard. Says on stderr what is left out. */
export async function askHistory({ span, pool, cluster: said, isPrinted }: HistoryWish): Promise<History> {
  const ms = duration(span);
  if (isMisread(ms)) throw wrongUsage(`--from-history ${span}: ${ms.misread}`);
  const from = Date.now() - ms;
  if (from < 0) throw wrongUsage(`--from-history ${span}: That is before there were yards. 30d is a month.`);
  const connection = await connectToLook();
  const found = (await allPools(connection)).find(({ name }) => name === pool);
  if (!found) throw await noSuchPool(connection, pool, 2);
  const runs: PastRun[] = [];
  const query = { pool, since: new Date(from).toISOString() };
  for await (const page of pages(connection, "history", { query })) runs.push(...page.runs);
  const held = runs.filter(({ gpus }) => gpus > 0);
  const what = `${printable(pool)}, the last ${formatDuration(ms)}`;
  const without = runs.length - held.length;
  const leftOut = without > 0 ? `${counted(without, "run")} without GPUs` : "";
  if (held.length === 0) throw nothingThere(what, leftOut);
  if (leftOut !== "") note(`${what}: ${counted(held.length, "run")}; left out: ${leftOut}.`);
  const jobs = livedJobs(held.map(pastJob));
  const cluster = said ?? (isPrinted ? EVERYTHING : clusterOf(pool, await allMachines(connection)));
  checkThatAllFit(jobs, cluster);
  if (said === null && !isPrinted) note(`Simulated on what ${printable(pool)} has today: ${describeCluster(cluster)}.`);
  return { jobs, title: `${what}: ${counted(held.length, "run")}`, rules: found.rules, cluster };
}

const EVERYTHING: Cluster = { gpus: Number.POSITIVE_INFINITY };

function nothingThere(what: string, leftOut: string): Error {
  const but = leftOut === "" ? "" : ` (${leftOut} aside)`;
  return wrongUsage(
    `${what}: no run has ended that held GPUs${but}. Ask for a longer time or another pool, --from-history 90d --pool NAME, ` +
      "or have jobs made: --jobs 500 --gpus 64.",
  );
}

function checkThatAllFit(jobs: readonly LivedJob[], cluster: Cluster): void {
  const gpus = gpusOf(cluster);
  const largest = jobs.reduce((most, { job }) => (job.gpus > most.gpus ? job : most), { id: "", gpus: 0 });
  if (largest.gpus > gpus)
    throw wrongUsage(
      `Run ${largest.id} held ${largest.gpus} GPUs; there are ${gpus}. Simulate with --gpus ${largest.gpus} or more.`,
    );
}

function pastJob({ id, user, priority, gpus, couldStartAt, atMost, preemptions, tries }: PastRun): PastJob {
  const [job = ""] = id.split(".");
  const held = tries.map(({ startedAt, endedAt }) => ({
    startedAt: secondsOf(startedAt),
    endedAt: secondsOf(endedAt),
  }));
  return { id, job, atMost, user, priority, gpus, preemptions, couldStartAt: secondsOf(couldStartAt), tries: held };
}

function secondsOf(instant: string): number {
  return Date.parse(instant) / 1000;
}
