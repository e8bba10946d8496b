import { demandKey } from "../core/demand.ts";
import type { WaitingJob } from "../core/policy.ts";
import { isForClusterAlone } from "../core/pool.ts";
import type { SteadyMs } from "../core/run.ts";
import type { JobRow } from "../store/jobs.ts";

/** The jobs of which runs wait, by pool, in the order in which policies look at them. */
export interface Queue {
  /** Takes over what the store says of these jobs; those it no longer lists have nothing waiting. */
  refresh(jobs: Iterable<number>, rows: JobRow[]): void;
  pools(): Iterable<string>;
  /**
   * What may start now as far as the jobs' own rules go, in order. Jobs whose demand's key is in `without` are left out,
   * also those that come into it while one goes through: however many wait, only those looked at cost time.
   */
  eligible(pool: string, without: ReadonlySet<string>): Iterable<WaitingJob>;
  /** Runs of the job that have been started since the store was last asked. */
  took(job: number, runs: number): void;
  /** A run of the job did not fit at `now`. */
  blocked(job: number, now: SteadyMs): void;
  get(job: number): JobRow | undefined;
}

interface Entry {
  row: JobRow;
  /** Of its demand. */
  key: string;
  blockedSince: SteadyMs | null;
}

export function openQueue(): Queue {
  const entries = new Map<number, Entry>();
  /** Those that may start, by pool and by demand, each list in order. */
  const pools = new Map<string, Map<string, Entry[]>>();

  function listOf({ row, key }: Entry): Entry[] {
    const lists = pools.get(row.pool) ?? new Map<string, Entry[]>();
    const list = lists.get(key) ?? [];
    pools.set(row.pool, lists.set(key, list));
    return list;
  }

  function enlist(entry: Entry): void {
    if (startable(entry.row) < 1) return;
    const list = listOf(entry);
    list.splice(position(list, entry.row), 0, entry);
  }

  function strike(entry: Entry): void {
    const list = listOf(entry);
    const at = position(list, entry.row);
    if (list[at] === entry) list.splice(at, 1);
    if (list.length === 0) pools.get(entry.row.pool)?.delete(entry.key);
  }

  function replace(entry: Entry, row: JobRow): void {
    const stays = startable(entry.row) > 0 && startable(row) > 0 && compare(entry.row, row) === 0;
    if (!stays) strike(entry);
    // What may not start grows no older.
    if (startable(row) < 1) entry.blockedSince = null;
    entry.row = row;
    if (!stays) enlist(entry);
  }

  return {
    refresh(jobs, rows) {
      const found = new Map<number, JobRow>(rows.map((row) => [row.id, row]));
      for (const job of jobs) {
        const entry = entries.get(job);
        const row = found.get(job);
        if (entry && row) replace(entry, row);
        else if (entry) {
          strike(entry);
          entries.delete(job);
        } else if (row) {
          const fresh = { row, key: demandKey(row.demand), blockedSince: null };
          entries.set(job, fresh);
          enlist(fresh);
        }
      }
    },
    pools: () => pools.keys(),
    *eligible(pool, without) {
      const heads = new Map([...(pools.get(pool) ?? [])].map(([key, list]) => [key, { list, at: 0 }]));
      for (;;) {
        let first: Entry | null = null;
        for (const [key, { list, at }] of heads) {
          const entry = list[at];
          if (!entry || without.has(key)) heads.delete(key);
          else if (!first || compare(entry.row, first.row) < 0) first = entry;
        }
        const head = first && heads.get(first.key);
        if (!first || !head) return;
        head.at += 1;
        const { row, blockedSince } = first;
        const { id, priority, demand, timeLimitMs } = row;
        yield { id, priority, demand, startable: startable(row), timeLimitMs, blockedSince };
      }
    },
    took(job, runs) {
      const entry = entries.get(job);
      if (!entry) return;
      entry.blockedSince = null;
      const { counts } = entry.row;
      const left = { ...counts, queued: counts.queued - runs, running: counts.running + runs };
      replace(entry, { ...entry.row, counts: left });
      if (left.queued <= 0) entries.delete(job);
    },
    blocked(job, now) {
      const entry = entries.get(job);
      if (entry) entry.blockedSince ??= now;
    },
    get: (job) => entries.get(job)?.row,
  };
}

/** How many runs of the job may start as far as its own rules go. */
function startable(row: JobRow): number {
  const { paused, waitingFor, counts, atMost } = row;
  if (paused || waitingFor > 0) return 0;
  if (isForClusterAlone(row)) return counts.queued;
  return Math.max(0, Math.min(counts.queued, (atMost ?? Number.POSITIVE_INFINITY) - counts.running));
}

/** Higher priority first, then submission. */
function compare(a: JobRow, b: JobRow): number {
  return b.priority - a.priority || a.id - b.id;
}

/** Where the row stands in the list, or would. */
function position(list: Entry[], row: JobRow): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = list[middle];
    if (entry && compare(entry.row, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
