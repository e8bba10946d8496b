import type { WaitingJob } from "../core/policy.ts";
import type { UnixMs } from "../core/run.ts";
import type { JobRow } from "../store/jobs.ts";

/** The jobs of which runs wait, by pool, in the order in which policies look at them. */
export interface Queue {
  /** Takes over what the store says of these jobs; those it no longer lists have nothing waiting. */
  refresh(jobs: Iterable<number>, rows: JobRow[]): void;
  pools(): Iterable<string>;
  /** What may start now as far as the jobs' own rules go. */
  eligible(pool: string): Iterable<WaitingJob>;
  /** Runs of the job that have been started since the store was last asked. */
  took(job: number, runs: number): void;
  /** A run of the job did not fit at `now`. */
  blocked(job: number, now: UnixMs): void;
  get(job: number): JobRow | undefined;
}

interface Entry {
  row: JobRow;
  blockedSince: UnixMs | null;
}

export function openQueue(): Queue {
  const entries = new Map<number, Entry>();
  const order = new Map<string, Entry[]>();

  function remove(entry: Entry): void {
    const list = order.get(entry.row.pool);
    const at = list ? position(list, entry.row) : -1;
    if (list && list[at] === entry) list.splice(at, 1);
    entries.delete(entry.row.id);
  }

  function insert(entry: Entry): void {
    const list = order.get(entry.row.pool) ?? [];
    order.set(entry.row.pool, list);
    list.splice(position(list, entry.row), 0, entry);
    entries.set(entry.row.id, entry);
  }

  return {
    refresh(jobs, rows) {
      const found = new Map<number, JobRow>(rows.map((row) => [row.id, row]));
      for (const job of jobs) {
        const entry = entries.get(job);
        const row = found.get(job);
        if (entry && row && compare(entry.row, row) === 0) {
          entry.row = row;
          continue;
        }
        if (entry) remove(entry);
        if (row) insert({ row, blockedSince: entry?.blockedSince ?? null });
      }
    },
    pools: () => order.keys(),
    *eligible(pool) {
      for (const { row, blockedSince } of order.get(pool) ?? []) {
        if (row.paused || row.waitingFor > 0) continue;
        const startable = Math.min(row.counts.queued, (row.atMost ?? Number.POSITIVE_INFINITY) - row.counts.running);
        if (startable < 1) continue;
        const { id, priority, demand, timeLimitMs } = row;
        yield { id, priority, demand, startable, timeLimitMs, blockedSince };
      }
    },
    took(job, runs) {
      const entry = entries.get(job);
      if (!entry) return;
      entry.blockedSince = null;
      const { counts } = entry.row;
      entry.row = {
        ...entry.row,
        counts: { ...counts, queued: counts.queued - runs, running: counts.running + runs },
      };
      if (entry.row.counts.queued <= 0) remove(entry);
    },
    blocked(job, now) {
      const entry = entries.get(job);
      if (entry) entry.blockedSince ??= now;
    },
    get: (job) => entries.get(job)?.row,
  };
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
