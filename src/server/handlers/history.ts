import type { PastRun } from "../../api/history.ts";
import { isRefused } from "../../core/failure.ts";
import { type LivedRun, livedRun, namesJob, type Release } from "../../core/history.ts";
import { type HistoryRow, historyColumns, selectHistoryPage, selectReleases } from "../../store/history.ts";
import { pageFrom, shown } from "../listing.ts";
import { isoOf } from "../present.ts";
import type { Handlers, Yard } from "../yard.ts";

export function historyHandlers({ store }: Pick<Yard, "store">): Pick<Handlers, "history"> {
  return {
    async history({ query }) {
      const page = pageFrom(query, historyColumns);
      if (isRefused(page)) return page;
      const { pool = null, since } = query;
      const rows = await selectHistoryPage(
        store.read,
        { pool, since: since === undefined ? null : Date.parse(since) },
        page,
      );
      const { page: runs, next } = shown(rows, query, (row) => ({ value: row.job, id: row.n }));
      const releasesOf = byJob(runs.length > 0 ? await selectReleases(store.read) : []);
      // Whatever never held a place, or held it in another pool, is passed over: a page may be short, and more follow.
      const told = runs.flatMap((row) => {
        const lived = livedRun(row, releasesOf(row.job));
        return lived === null || (pool !== null && poolOf(row, lived) !== pool) ? [] : [presentPastRun(row, lived)];
      });
      return { runs: told, next };
    },
  };
}

function byJob(releases: readonly Release[]): (job: number) => Release[] {
  const known = new Map<number, Release[]>();
  return (job) => {
    const found = known.get(job) ?? releases.filter(({ meant }) => meant.some((one) => namesJob(one, job)));
    known.set(job, found);
    return found;
  };
}

function presentPastRun(row: HistoryRow, lived: LivedRun): PastRun {
  return {
    id: `${row.job}.${row.n}`,
    user: row.user,
    pool: poolOf(row, lived),
    priority: row.priority,
    gpus: lived.gpus,
    submittedAt: isoOf(row.submittedAt),
    couldStartAt: isoOf(lived.couldStartAt),
    atMost: row.atMost,
    startedAt: isoOf(lived.startedAt),
    endedAt: isoOf(lived.endedAt),
    servedSeconds: lived.servedMs / 1000,
    preemptions: lived.preemptions,
    tries: lived.tries.map(({ startedAt, endedAt }) => ({ startedAt: isoOf(startedAt), endedAt: isoOf(endedAt) })),
  };
}

/** Of a machine that has been removed it is no longer known: then the first pool of its job. */
function poolOf({ pools }: HistoryRow, { pool }: LivedRun): string {
  return pool ?? pools.split(",")[0] ?? pools;
}
