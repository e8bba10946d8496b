import type { Change } from "../store/changes.ts";
import { type JobRow, selectJob } from "../store/jobs.ts";
import { selectRun } from "../store/runs.ts";
import { absentRun } from "./present.ts";
import { presentJobs, presentRuns } from "./present_many.ts";
import type { Yard } from "./yard.ts";

export type LiveEvent = [event: "hello" | "reset" | "job" | "run" | "machines" | "notices" | "troubles", data: object];

/** What is watched, as the door's query has it. */
interface Watched {
  job?: number | undefined;
  runs?: boolean | undefined;
}

/** Runs told one by one in a bundle; with more, the job's counts say enough. */
const MOST_RUNS = 200;
/** Bundles that are kept for others who ask for the same. */
const KEPT = 16;

export interface LiveEvents {
  /**
   * What there is to tell of the changes between two places, as text of an event stream; empty: nothing. Only the last event has
   * the later place as its id: who is cut off before that hears all of them again.
   *
   * @param changes  those between the two; they are taken at once or not at all
   */
  between(before: string, until: string, watched: Watched, changes: () => Change[]): Promise<string>;
}

export function openLiveEvents(yard: Yard): LiveEvents {
  const { store } = yard;
  const kept = new Map<string, Promise<string>>();

  async function tell(changes: Change[], watched: Watched, before: string, until: string): Promise<string> {
    const events: LiveEvent[] = [];
    for await (const event of eventsOf(changes, watched)) events.push(event);
    return events.map((event, i) => textOf(event, i === events.length - 1 ? until : before)).join("");
  }

  async function* eventsOf(changes: Change[], watched: Watched): AsyncGenerator<LiveEvent> {
    const jobs = new Map<number, Set<number>>();
    for (const change of changes) {
      if (change.kind !== "job" && change.kind !== "run") continue;
      if (watched.job !== undefined && change.job !== watched.job) continue;
      const runs = jobs.get(change.job) ?? new Set();
      jobs.set(change.job, runs);
      if (change.kind === "run") runs.add(change.n);
    }
    for (const [id, runs] of jobs) {
      const job = await selectJob(store.read, id);
      if (!job) continue;
      const areRunsWatched = watched.job !== undefined && watched.runs !== false;
      if (areRunsWatched) for (const run of await runsNow(job, [...runs].slice(-MOST_RUNS))) yield ["run", run];
      for (const one of await presentJobs(yard, [job])) yield ["job", one];
    }
    if (watched.job !== undefined) return;
    if (changes.some(({ kind }) => kind === "machine" || kind === "pools")) yield ["machines", {}];
    if (changes.some(({ kind }) => kind === "notice")) yield ["notices", {}];
    if (changes.some(({ kind }) => kind === "troubles")) yield ["troubles", {}];
  }

  async function runsNow(job: JobRow, numbers: number[]): Promise<object[]> {
    const rows = [];
    for (const n of numbers) rows.push((await selectRun(store.read, job.id, n)) ?? absentRun(job, n));
    return presentRuns(yard, job, rows);
  }

  return {
    between(before, until, watched, changes) {
      const key = `${before} ${until} ${watched.job ?? ""} ${watched.runs ?? ""}`;
      const known = kept.get(key);
      if (known) return known;
      const told = tell(changes(), watched, before, until);
      kept.set(key, told);
      for (const old of [...kept.keys()].slice(0, -KEPT)) kept.delete(old);
      return told;
    },
  };
}

export function textOf([event, data]: LiveEvent, id: string): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
