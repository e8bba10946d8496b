import { QueryCache, QueryClient } from "@tanstack/react-query";
import type { Job } from "../../../src/api/job.ts";
import { isRefusedCall } from "../../../src/client/client.ts";
import { isSignedOut } from "./client.ts";
import { hearEvents } from "./live.ts";
import type { Page } from "./rows.ts";

/** A list that changes all the time is asked for at most this often. */
const LIST_PAUSE_MS = 1500;
/** What says how the yard as a whole is. */
const STATUS_PAUSE_MS = 5000;
/** What belongs to one job. */
const JOB_PAUSE_MS = 1000;

/** What the yard has told. It stays good until an event says otherwise, so that nothing is asked for twice. */
export const cache = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      if (isSignedOut(error) && queryKey[0] !== "session") void cache.invalidateQueries({ queryKey: ["session"] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => !isRefusedCall(error) && failures < 20,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 10_000),
    },
  },
});

/**
 * Keeps what is cached in step with the yard's events. Keys begin with what they are about: `["jobs", …]` are lists of jobs,
 * `["job", 12, …]` is all of job 12, `["machines", …]` all of machines,
 * `["pools"]` and `["status"]` how the yard as a whole is, `["notices", …]` all of what is told.
 */
export function keepInStep(): void {
  hearEvents((event, data) => {
    if (event === "job") tellJob(JSON.parse(data));
    if (event === "machines") {
      refresh("machines", LIST_PAUSE_MS, ["machines"]);
      refresh("pools", STATUS_PAUSE_MS, ["pools"]);
      refresh("status", STATUS_PAUSE_MS, ["status"]);
    }
    if (event === "notices" || event === "troubles") refresh("notices", LIST_PAUSE_MS, ["notices"]);
    if (event === "joined") catchUp();
    if (event === "reset") void cache.invalidateQueries();
  });
}

function tellJob(job: Job): void {
  cache.setQueryData<{ job: Job }>(["job", job.id], (known) => known && { ...known, job });
  let isElsewhere = true;
  for (const query of cache.getQueryCache().findAll({ queryKey: ["jobs"], type: "active" })) {
    const page = query.state.data as Page<Job> | undefined;
    const at = page?.rows.findIndex(({ id }) => id === job.id) ?? -1;
    const before = page?.rows[at];
    if (!page || !before) continue;
    // What it is sorted and filtered by may be its status, its name, its priority: then it may belong elsewhere.
    isElsewhere = before.status !== job.status || before.priority !== job.priority || before.name !== job.name;
    query.setData({ ...page, rows: page.rows.with(at, job) });
  }
  if (isElsewhere) refresh("jobs", LIST_PAUSE_MS, ["jobs"]);
  refresh(`job ${job.id}`, JOB_PAUSE_MS, ["job", job.id]);
}

/** What was asked for before the first event could be heard may have changed meanwhile. The first look is not held up by it. */
function catchUp(): void {
  const now = Date.now();
  setTimeout(
    () => void cache.invalidateQueries({ predicate: ({ state }) => state.dataUpdatedAt <= now }),
    JOB_PAUSE_MS,
  );
}

const waiting = new Set<string>();

/** Asks anew for what is on screen, now or in a moment, and once however often it is told. */
function refresh(name: string, pauseMs: number, queryKey: readonly unknown[]): void {
  if (waiting.has(name)) return;
  waiting.add(name);
  setTimeout(() => {
    waiting.delete(name);
    void cache.invalidateQueries({ queryKey });
  }, pauseMs);
}
