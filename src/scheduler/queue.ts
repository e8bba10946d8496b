import type { Because } from "../core/because.ts";
import { mostWorkersOf } from "../core/demand.ts";
import type { Place } from "../core/open_machine.ts";
import type { Outlook } from "../core/outlook.ts";
import type { Deal, OpenPolicy, Room } from "../core/policies/policy.ts";
import { poolsIn } from "../core/pool.ts";
import type { AttemptId } from "../core/run.ts";
import type { JobRow } from "../store/jobs.ts";
import type { GoingOn } from "../store/runs.ts";
import { asksOf, elasticOf, type QueuedRun, startable, waitingRun } from "./queued_run.ts";

/** An attempt that has a place, or is to have it. */
export interface HeldAttempt {
  job: JobRow;
  n: number;
  /** Of each worker. */
  seats: readonly (Place & { attempt: AttemptId })[];
  /** For how long its run has held places before, in seconds. */
  servedSeconds: number;
  isLeaving: boolean;
}

export interface OpenedPolicy extends OpenPolicy<QueuedRun> {
  preempts: boolean;
  /** Whether it is told which runs may have another number of workers. */
  resizes: boolean;
  /** How many GPUs the user may hold at once; Infinity: any number. */
  mostGpusOf(user: string): number;
}

/** What waits and what holds places, by pool, each under its policy. Instants are in seconds, by a clock that nobody sets. */
export interface Queue {
  /** Takes over what the store says of these jobs; those that it does not list any more are gone. */
  refresh(jobs: Iterable<number>, rows: readonly JobRow[], goingOn: readonly GoingOn[], now: number): void;
  /** From now on pools are under these policies. Nothing else changes. */
  govern(open: (pool: string) => OpenedPolicy, now: number): void;
  pools(): Iterable<string>;
  /** Whether the pool's policy stops runs to make room for others. */
  preempts(pool: string): boolean;
  whyLimited(pool: string, run: QueuedRun): Because;
  deal<Given>(pool: string, now: number, room: Room<QueuedRun, Given>): Deal<QueuedRun, Given>;
  /** Runs of the job that have been started since the store was last asked; a certain one, or others. */
  took(job: number, n: number | null): void;
  /** An attempt has its place. With the `order` that the deal gave it, none where it was found so. */
  hold(held: HeldAttempt, now: number, order?: number): void;
  /** As far as anything tells how long runs take, what holds a place and what waits goes by it from now on. */
  learn(outlook: Outlook, now: number): void;
  /** Jobs of which runs wait. */
  waiting(): Iterable<JobRow>;
  /** A worker of an attempt is over. */
  leave(attempt: AttemptId, now: number): Held | null;
  /** What the pool's users hold now, a worker each. */
  held(pool: string, now: number): Held[];
  /** Whose runs wait in the pool. */
  users(pool: string): Iterable<string>;
  /** From now on these users' runs come after all others of the pool. */
  lend(pool: string, users: ReadonlySet<string>, now: number): void;
  /** The run, which holds its place, has been asked to stop. When it waits again, it has the `order` that the deal gave it. */
  asked(run: QueuedRun, order: number): void;
  get(job: number): JobRow | undefined;
  /** Whether the run holds a place, be it that it is leaving. */
  holds(job: number, n: number): boolean;
  /** When a deal may turn out otherwise though nothing happens; Infinity: never. */
  nextAt(): number;
}

/** A worker's place, with whose it is. */
export interface Held {
  /** The first of those that its job may run in. */
  pool: string;
  user: string;
  /** Since it has the place. */
  gpuSeconds: number;
}

interface Waiting {
  row: JobRow;
  /** Any of its runs that have never run. */
  fresh: QueuedRun;
  /** Those that have held places before and may go on, by number. */
  goingOn: Map<number, QueuedRun>;
}

interface Holding {
  run: QueuedRun;
  pool: string;
  /** Since when it has its place, as far as this yard knows. */
  began: number;
  /** Since when the policy knows it as it is. */
  heldSince: number;
  /** Its workers that have not ended, with their places. */
  workers: Map<AttemptId, Place>;
}

/** What its policy knew of a run that was asked to stop. */
interface ComingBack {
  /** Where it is to wait among others. */
  order: number;
  /** For how long it has held places in all, once it has left. */
  heldSeconds: number;
}

/** @param speed  of the job's runs, with so many workers */
export function openQueue(
  open: (pool: string) => OpenedPolicy,
  speed: (job: number, workers: number) => number = () => 1,
): Queue {
  let openPolicy = open;
  const jobs = new Map<number, Waiting>();
  const holders = new Set<Holding>();
  const holdersOfJob = new Map<number, Set<Holding>>();
  const holderOf = new Map<AttemptId, Holding>();
  const policies = new Map<string, OpenedPolicy>();
  /** Those that were asked to stop and have not come back yet, by job and number. */
  const comingBack = new Map<number, Map<number, ComingBack>>();
  /** Those that their policy knows as waiting. */
  const enlisted = new Set<QueuedRun>();
  /** By pool: whose runs come after all others. */
  const lent = new Map<string, ReadonlySet<string>>();
  /** What one run of a job takes in all, as others of it show, in seconds. */
  const learned = new Map<number, number>();

  /** What one of its runs takes, in seconds, or may take at most; null: not known. */
  function secondsOf({ id, expectedMs, timeLimitMs }: JobRow): number | null {
    const expected = expectedMs === null ? learned.get(id) : expectedMs / 1000;
    const limit = timeLimitMs === null ? undefined : timeLimitMs / 1000;
    const known = [expected, limit].filter((seconds) => seconds !== undefined);
    return known.length === 0 ? null : Math.min(...known);
  }

  function policyOf(pool: string): OpenedPolicy {
    const known = policies.get(pool);
    if (known) return known;
    const opened = openPolicy(pool);
    policies.set(pool, opened);
    return opened;
  }

  /**
   * Brings the run's standing in its pool to what it is now. Of elastic ones one starts at once, and as long as there are more
   * of its job to start, with its least.
   */
  function enlist(run: QueuedRun, pool: string, startable: number, now: number, order?: number): void {
    run.startable = run.elastic ? Math.min(1, startable) : startable;
    if (run.elastic) run.elastic.max = startable > 1 ? run.elastic.min : mostWorkersOf(run.demand);
    if (startable < 1) withdraw(run, pool);
    else if (!enlisted.has(run)) {
      enlisted.add(run);
      policyOf(pool).wait(run, now, order);
    }
  }

  /** As far as its pool's policy is to know of it. */
  function makeElastic(run: QueuedRun, pool: string, holding: Holding | null): void {
    const { job, demand } = run;
    const secondsToGo = (now: number) => {
      if (run.remainingSeconds === null) return null;
      return Math.max(0, run.remainingSeconds - (holding === null ? 0 : now - holding.heldSince));
    };
    run.elastic = policyOf(pool).resizes
      ? elasticOf(demand, holding?.workers.size ?? 0, (workers) => speed(job, workers), secondsToGo)
      : undefined;
  }

  /** By its policy's account it has held its place for longer than it ran: else it would come back before it left. */
  function comeBack(row: JobRow, n: number, servedMs: number): QueuedRun {
    const run = waitingRun(row, n, servedMs / 1000, secondsOf(row));
    const { heldSeconds = 0 } = comingBack.get(row.id)?.get(n) ?? {};
    run.servedSeconds = Math.max(run.servedSeconds, heldSeconds);
    makeElastic(run, row.pool, null);
    return run;
  }

  function takeOrder(job: number, n: number): number | undefined {
    const order = comingBack.get(job)?.get(n)?.order;
    comingBack.get(job)?.delete(n);
    return order;
  }

  /** Who goes on comes before others of its job, as far as the job's own rules let any start. */
  function enlistAll({ row, fresh, goingOn }: Waiting, now: number): void {
    let left = startable(row);
    for (const [n, run] of goingOn) {
      enlist(run, row.pool, Math.min(left, 1), now, takeOrder(row.id, n));
      left -= run.startable;
    }
    enlist(fresh, row.pool, Math.min(left, row.counts.queued - goingOn.size), now);
  }

  function isLent({ pool, user }: Pick<JobRow, "pool" | "user">): boolean {
    return lent.get(firstOf(pool))?.has(user) ?? false;
  }

  /** The policy is told of the run as it is now. */
  function holdAgain(holding: Holding, now: number): void {
    const { run, pool, heldSince } = holding;
    run.servedSeconds += now - heldSince;
    if (run.remainingSeconds !== null) run.remainingSeconds -= now - heldSince;
    holding.heldSince = now;
    policyOf(pool).hold(run, now);
  }

  /** Before what it is compared by changes. */
  function withdraw(run: QueuedRun, pool: string): void {
    if (enlisted.delete(run)) policyOf(pool).forget(run);
  }

  function drop({ row, fresh, goingOn }: Waiting): void {
    for (const run of [fresh, ...goingOn.values()]) withdraw(run, row.pool);
    learned.delete(row.id);
    jobs.delete(row.id);
  }

  /** @param goingOn  null: as before */
  function refreshJob(row: JobRow, goingOn: readonly GoingOn[] | null, now: number): void {
    const before = jobs.get(row.id);
    const waiting = before ?? { row, fresh: waitingRun(row, null, 0, secondsOf(row)), goingOn: new Map() };
    jobs.set(row.id, waiting);
    const { fresh } = waiting;
    if (!before) makeElastic(fresh, row.pool, null);
    const remainingSeconds = secondsOf(row);
    const isBorrowing = isLent(row);
    const isChanged =
      fresh.priority !== row.priority ||
      fresh.remainingSeconds !== remainingSeconds ||
      fresh.isBorrowing !== isBorrowing;
    waiting.row = row;
    const still = goingOn && new Set(goingOn.map(({ n }) => n));
    for (const [n, run] of waiting.goingOn) {
      if (still?.has(n) ?? true) continue;
      withdraw(run, row.pool);
      waiting.goingOn.delete(n);
    }
    for (const { n, servedMs } of goingOn ?? []) {
      if (!waiting.goingOn.has(n)) waiting.goingOn.set(n, { ...comeBack(row, n, servedMs), isBorrowing });
    }
    for (const run of isChanged ? [fresh, ...waiting.goingOn.values()] : []) {
      withdraw(run, row.pool);
      run.priority = row.priority;
      run.isBorrowing = isBorrowing;
      run.remainingSeconds = remainingSeconds === null ? null : Math.max(0, remainingSeconds - run.servedSeconds);
    }
    enlistAll(waiting, now);
  }

  return {
    refresh(ids, rows, goingOn, now) {
      const found = new Map<number, JobRow>(rows.map((row) => [row.id, row]));
      const byJob = Map.groupBy(goingOn, ({ job }) => job as number);
      for (const id of ids) {
        const row = found.get(id);
        const waiting = jobs.get(id);
        const isWaiting = row !== undefined && row.endedAt === null && row.counts.queued > 0;
        if (isWaiting) refreshJob(row, byJob.get(id) ?? [], now);
        else {
          if (waiting) drop(waiting);
          comingBack.delete(id);
        }
      }
      for (const { id, priority } of rows) {
        for (const holding of holdersOfJob.get(id) ?? []) {
          if (holding.run.priority === priority) continue;
          holding.run.priority = priority;
          holdAgain(holding, now);
        }
      }
    },
    govern(open, now) {
      openPolicy = open;
      policies.clear();
      comingBack.clear();
      for (const holding of [...holders].sort((a, b) => a.heldSince - b.heldSince)) {
        makeElastic(holding.run, holding.pool, holding);
        holdAgain(holding, now);
      }
      enlisted.clear();
      for (const waiting of [...jobs.values()].sort((a, b) => a.row.id - b.row.id)) {
        for (const run of [waiting.fresh, ...waiting.goingOn.values()]) makeElastic(run, waiting.row.pool, null);
        enlistAll(waiting, now);
      }
    },
    pools: () => policies.keys(),
    preempts: (pool) => policyOf(pool).preempts,
    whyLimited: (pool, { user }) => ({ code: "user_limit", user, most: policyOf(pool).mostGpusOf(user) }),
    deal: (pool, now, room) => policyOf(pool).deal(now, room),
    took(job, n) {
      const waiting = jobs.get(job);
      if (!waiting) return;
      const { counts } = waiting.row;
      if (counts.queued <= 1) return drop(waiting);
      waiting.row = { ...waiting.row, counts: { ...counts, queued: counts.queued - 1, running: counts.running + 1 } };
      const certain = n === null ? undefined : waiting.goingOn.get(n);
      if (certain) withdraw(certain, waiting.row.pool);
      if (n !== null) waiting.goingOn.delete(n);
      enlistAll(waiting, 0);
    },
    hold({ job, n, seats, servedSeconds, isLeaving }, now, order) {
      const run = waitingRun(job, n, servedSeconds, secondsOf(job));
      const isInQueue = seats.some(({ slot }) => slot.node !== undefined);
      run.yields &&= !isInQueue && job.demand.cluster === undefined;
      run.isBorrowing = isLent(job);
      run.seats = seats;
      run.asks = asksOf(job.demand, seats);
      run.isLeaving = isLeaving;
      const workers = new Map<AttemptId, Place>(seats.map((seat) => [seat.attempt, seat]));
      const holding = { run, pool: job.pool, began: now, heldSince: now, workers };
      makeElastic(run, job.pool, holding);
      holders.add(holding);
      const ofJob = holdersOfJob.get(job.id) ?? new Set();
      holdersOfJob.set(job.id, ofJob.add(holding));
      for (const attempt of workers.keys()) holderOf.set(attempt, holding);
      policyOf(job.pool).hold(run, now, order);
    },
    leave(attempt, now) {
      const holding = holderOf.get(attempt);
      const place = holding?.workers.get(attempt);
      if (!holding || !place) return null;
      const { run, pool, workers } = holding;
      const held = heldIn(holding, place, now);
      holderOf.delete(attempt);
      workers.delete(attempt);
      run.seats = [...workers.values()];
      if (workers.size > 0) return held;
      policyOf(pool).forget(run);
      const back = run.n === null ? undefined : comingBack.get(run.job)?.get(run.n);
      if (back) back.heldSeconds = run.servedSeconds + now - holding.heldSince;
      holders.delete(holding);
      const ofJob = holdersOfJob.get(run.job);
      ofJob?.delete(holding);
      if (ofJob?.size === 0) holdersOfJob.delete(run.job);
      return held;
    },
    held: (pool, now) =>
      [...holders].flatMap((holding) => {
        if (firstOf(holding.pool) !== pool) return [];
        return [...holding.workers.values()].map((place) => heldIn(holding, place, now));
      }),
    users: (pool) => new Set([...jobs.values()].flatMap(({ row }) => (firstOf(row.pool) === pool ? [row.user] : []))),
    lend(pool, users, now) {
      lent.set(pool, users);
      for (const waiting of jobs.values()) {
        const { row, fresh } = waiting;
        if (firstOf(row.pool) === pool && fresh.isBorrowing !== users.has(row.user)) refreshJob(row, null, now);
      }
      for (const holding of holders) {
        const { run } = holding;
        if (firstOf(holding.pool) !== pool || run.isBorrowing === users.has(run.user)) continue;
        run.isBorrowing = users.has(run.user);
        holdAgain(holding, now);
      }
    },
    learn(outlook, now) {
      for (const { row } of [...jobs.values()]) {
        const seconds = outlook.wholeRun(row.id);
        if (seconds === null || isAbout(seconds, learned.get(row.id))) continue;
        learned.set(row.id, seconds);
        refreshJob(row, null, now);
      }
      for (const holding of holders) {
        const { run } = holding;
        const left = run.n === null ? null : outlook.run(run.job, run.n);
        const expected = run.remainingSeconds === null ? undefined : run.remainingSeconds - (now - holding.heldSince);
        if (left === null || isAbout(left.seconds, expected)) continue;
        holdAgain(holding, now);
        run.remainingSeconds = left.seconds;
        policyOf(holding.pool).hold(run, now);
      }
    },
    *waiting() {
      for (const { row } of jobs.values()) yield row;
    },
    asked(run, order) {
      run.isLeaving = true;
      if (run.n === null) return;
      const ofJob = comingBack.get(run.job) ?? new Map<number, ComingBack>();
      comingBack.set(run.job, ofJob.set(run.n, { order, heldSeconds: 0 }));
    },
    get: (job) => jobs.get(job)?.row,
    holds: (job, n) => [...(holdersOfJob.get(job) ?? [])].some(({ run }) => run.n === n),
    nextAt: () => [...policies.values()].reduce((next, policy) => Math.min(next, policy.nextAt()), Infinity),
  };
}

function firstOf(pool: string): string {
  return pool.includes(",") ? (poolsIn(pool)[0] ?? pool) : pool;
}

function heldIn({ run, pool, began }: Holding, { slot }: Place, now: number): Held {
  return { pool: firstOf(pool), user: run.user, gpuSeconds: slot.gpus.length * (now - began) };
}

/** Not worth another order. */
function isAbout(seconds: number, known: number | undefined): boolean {
  return known !== undefined && Math.abs(seconds - known) <= 0.1 * Math.max(1, known);
}
