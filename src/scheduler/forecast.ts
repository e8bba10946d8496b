import type { Outlook, SeenJob, SeenRun } from "../core/outlook.ts";
import type { JobId } from "../core/run.ts";
import type { Clock } from "../platform/clock.ts";
import { selectMates } from "../store/attempts.ts";
import { type JobRow, selectJobs, selectTaggedAlike } from "../store/jobs.ts";
import { selectFinishedSeconds, selectRunning } from "../store/runs.ts";
import type { Store } from "../store/store.ts";

/** So many finished runs of a job tell how long the others take. */
const ENOUGH = 50;
/** Of so many other jobs with the same tags they are taken, where none of its own has finished. */
const ALIKE = 5;
/** For so long what those took counts as known. */
const KNOWN_FOR_MS = 60_000;

/** Looks at what runs, now and then, for how long it still takes. */
export interface Forecast {
  /** @param waiting  jobs of which runs wait */
  look(waiting: Iterable<JobRow>): Promise<void>;
}

export function openForecast(store: Store, outlook: Outlook, clock: Clock): Forecast {
  /** By job: how many had succeeded when it was looked at last. */
  const finished = new Map<JobId, { succeeded: number; seconds: readonly number[] }>();
  /** By user and tags. */
  const tagged = new Map<string, { at: number; seconds: readonly number[] }>();

  /** What runs of the user's other jobs have taken that have all these tags. */
  async function alikeTo(user: string, tags: readonly string[]): Promise<readonly number[]> {
    if (tags.length === 0) return [];
    const key = JSON.stringify([user, tags]);
    const known = tagged.get(key);
    if (known && clock.steady() - known.at < KNOWN_FOR_MS) return known.seconds;
    const seconds: number[] = [];
    for (const { id, succeeded } of await selectTaggedAlike(store.read, user, tags, ALIKE))
      seconds.push(...(await selectFinishedSeconds(store.read, id, Math.min(ENOUGH / ALIKE, succeeded))));
    tagged.set(key, { at: clock.steady(), seconds });
    return seconds;
  }

  async function finishedOf({ id, user, tags, counts: { succeeded } }: JobRow): Promise<readonly number[]> {
    const known = finished.get(id);
    const isEnough = known !== undefined && (known.succeeded === succeeded || known.seconds.length >= ENOUGH);
    if (isEnough) return known.seconds;
    if (succeeded === 0) return alikeTo(user, tags);
    const seconds = await selectFinishedSeconds(store.read, id, Math.min(ENOUGH, succeeded));
    finished.set(id, { succeeded, seconds });
    return seconds;
  }

  return {
    async look(waiting) {
      const now = clock.now();
      const running = await selectRunning(store.read);
      const gangs = running.flatMap(({ id, port }) => (port === null ? [] : [id]));
      const mates = Map.groupBy(await selectMates(store.read, gangs), ({ leader_id }) => leader_id);
      const runs = running.map((row): SeenRun => {
        const progress = row.progress_json === null ? null : JSON.parse(row.progress_json);
        const metrics = row.metrics_json === null ? {} : JSON.parse(row.metrics_json);
        const ranMs = row.served_ms + Math.max(0, now - (row.started_at ?? now));
        const workers = 1 + (mates.get(row.id)?.length ?? 0);
        return { job: row.job_id, n: row.n, ranSeconds: ranMs / 1000, progress, metrics, workers };
      });
      const rows = new Map([...waiting].map((row) => [row.id, row]));
      const others = [...new Set(runs.map(({ job }) => job))].filter((job) => !rows.has(job));
      for (const row of await selectJobs(store.read, others)) rows.set(row.id, row);
      for (const job of finished.keys()) if (!rows.has(job)) finished.delete(job);
      for (const [key, { at }] of tagged) if (clock.steady() - at >= KNOWN_FOR_MS) tagged.delete(key);
      const jobs: SeenJob[] = [];
      for (const row of rows.values()) {
        const declaredSeconds = row.expectedMs === null ? null : row.expectedMs / 1000;
        const finishedSeconds = await finishedOf(row);
        jobs.push({ job: row.id, declaredSeconds, finishedSeconds, waiting: row.counts.queued });
      }
      outlook.see(runs, jobs);
    },
  };
}
