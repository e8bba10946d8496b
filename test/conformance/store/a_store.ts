import { onTestFinished } from "vitest";
import type { Code, RunCounts } from "../../../src/core/job.ts";
import type { AttemptId, Ending, JobId, RunStatus } from "../../../src/core/run.ts";
import { assignAttempts, type NewAttempt, takeAttempts } from "../../../src/store/attempts.ts";
import { cancelQueued } from "../../../src/store/cancel.ts";
import { openChanges } from "../../../src/store/changes.ts";
import { settleDependants } from "../../../src/store/dependencies.ts";
import { type Connections, wordsOf } from "../../../src/store/dialect.ts";
import { insertJob, type JobRow, makeNextRuns, type NewJob, selectJob } from "../../../src/store/jobs.ts";
import { ensureMachine } from "../../../src/store/machines.ts";
import { migrate } from "../../../src/store/migrate.ts";
import { type Ended, type EndsRecorded, recordEnds, recordObserved, recordStarts } from "../../../src/store/reports.ts";
import { type RunRow, type RunSpan, retryRuns } from "../../../src/store/runs.ts";
import { openStore, type Store } from "../../../src/store/store.ts";
import type { Kind } from "./place.ts";

export const NOW = 1_700_000_000_000;
export const MACHINE = 1;
export const EPOCH = 1;

const slot = { devices: "", gpus: [], cpus: 1, memoryBytes: 0 };

/** A job of one run of `true`, but for what is said otherwise. */
export function aJob(said: Partial<NewJob> = {}): NewJob {
  return {
    name: "true",
    user: "ada",
    pool: "local",
    priority: 30,
    paused: false,
    work: { kind: "command", command: { kind: "argv", argv: ["true"] }, spaces: [] },
    total: 1,
    demand: { gpus: 0, cpus: null, memoryBytes: null },
    plan: { cwd: "/", environment: "e", umask: "022", limits: {}, out: null, snapshot: null, commit: null },
    tags: [],
    retries: 0,
    timeLimitMs: null,
    expectedMs: null,
    atMost: null,
    resumable: false,
    after: [],
    ...said,
  };
}

/** A migrated store with one machine, and what a yard does with it in one word each. */
export interface Steered {
  store: Store;
  submit(said?: Partial<NewJob>): Promise<JobId>;
  /** Gives up to `count` waiting runs of the job to the machine; those that were there. */
  assign(job: JobId, count?: number, machine?: number): Promise<NewAttempt[]>;
  take(limit?: number): Promise<AttemptId[]>;
  start(...attempts: AttemptId[]): Promise<void>;
  observe(attempt: AttemptId, result: Record<string, unknown>): Promise<void>;
  end(attempt: AttemptId, ending?: Ending | number, said?: Partial<Ended>): Promise<EndsRecorded>;
  /** Assigns, starts and ends the next waiting run of the job. */
  finish(job: JobId, exitCode?: number): Promise<void>;
  cancel(job: JobId, range?: RunSpan["range"]): Promise<number>;
  retry(job: JobId, statuses?: RunStatus[], range?: RunSpan["range"], code?: Code): Promise<number>;
  job(id: JobId): Promise<JobRow>;
  counts(id: JobId): Promise<Partial<RunCounts>>;
  /** All runs in order, once all have rows. */
  runs(id: JobId): Promise<RunRow[]>;
  statuses(id: JobId): Promise<RunStatus[]>;
}

export async function aStore(kind: Kind): Promise<Steered> {
  return steer(await opened(await kind.place()));
}

/** Opens a store that is closed when the test is over; the first of a place makes its tables and its machine. */
export async function opened(open: () => Promise<Connections>): Promise<Store> {
  const connections = await open();
  await migrate(connections, null);
  const store = openStore(connections, openChanges());
  onTestFinished(() => store.close());
  await store.write((db) => ensureMachine(db, "lab1", "local"));
  return store;
}

/** As many yards on one database as its kind allows. */
export async function yardsTogether(kind: Kind): Promise<[Steered, ...Steered[]]> {
  const open = await kind.place();
  const first = steer(await opened(open));
  const others: Steered[] = [];
  while (others.length < kind.yards - 1) others.push(steer(await opened(open)));
  return [first, ...others];
}

export function steer(store: Store): Steered {
  const { dialect } = store;
  const given = new Set<string>();
  // An attempt that never began leaves its number to the next one, but not its id.
  const id = (job: JobId, n: number, attempt: number) => {
    let name = `${job}.${n}.${attempt}-x`;
    while (given.has(name)) name += "x";
    given.add(name);
    return name as AttemptId;
  };

  const steered: Steered = {
    store,
    submit: (said) =>
      store.write(async (db) => {
        const job = await insertJob(db, dialect, aJob(said), NOW);
        await settleDependants(db, (said?.after ?? []).map((after) => after.job) as JobId[], NOW);
        return job;
      }),
    async assign(job, count = 1, machine = MACHINE) {
      const starts = Array.from({ length: count }, () => ({
        job,
        n: null,
        resumable: false,
        workers: [{ machine, slot }],
        port: null,
        snapshot: null,
      }));
      const given = await store.write((db) => assignAttempts(db, dialect, starts, EPOCH, id, NOW));
      return given.flat();
    },
    async take(limit = 1000) {
      return (await store.write((db) => takeAttempts(db, MACHINE, "agent", limit))).map((row) => row.id);
    },
    async start(...attempts) {
      await store.write((db) =>
        recordStarts(
          db,
          attempts.map((attempt) => ({ attempt, at: NOW + 1 })),
        ),
      );
    },
    async observe(attempt, result) {
      await store.write((db) => recordObserved(db, [{ attempt, progress: null, metrics: {}, result }]));
    },
    async end(attempt, ending = 0, said = {}) {
      return store.write((db) => recordEnds(db, [anEnd(attempt, ending, said)], NOW + 5));
    },
    async finish(job, exitCode = 0) {
      const [attempt] = await steered.assign(job);
      if (!attempt) throw new Error(`no run of job ${job} waits`);
      await steered.start(attempt.id);
      await steered.end(attempt.id, exitCode);
    },
    cancel: async (job, range = null) =>
      (await store.write((db) => cancelQueued(db, dialect, [{ job, range }], NOW + 3))).runs,
    retry: async (job, statuses = ["failed", "cancelled"], range = null, code) =>
      (await store.write((db) => retryRuns(db, dialect, { job, range }, statuses, code ?? null, NOW + 4))).runs,
    async job(job) {
      const row = await selectJob(store.read, job);
      if (!row) throw new Error(`there is no job ${job}`);
      return row;
    },
    async counts(job) {
      const entries = Object.entries((await steered.job(job)).counts);
      return Object.fromEntries(entries.filter(([name, count]) => name !== "total" && count > 0));
    },
    async runs(job) {
      await store.write((db) => makeNextRuns(db, wordsOf(db), job, 1_000_000));
      return store.read.selectFrom("run").selectAll().where("job_id", "=", job).orderBy("n").execute();
    },
    statuses: async (job) => (await steered.runs(job)).map((run) => run.status),
  };
  return steered;
}

/** @param ending  a number is an exit code */
export function anEnd(attempt: AttemptId, ending: Ending | number = 0, said: Partial<Ended> = {}): Ended {
  return {
    attempt,
    startedAt: NOW + 1,
    endedAt: NOW + 2,
    ending: typeof ending === "number" ? { kind: "exited", exitCode: ending } : ending,
    timeLimitMs: null,
    symptom: null,
    output: '{"out":{"kind":"none"}}',
    memoryPeakBytes: null,
    gpuMemoryPeakBytes: null,
    ...said,
  };
}
