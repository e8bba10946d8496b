import { backfill } from "../core/backfill.ts";
import type { Demand } from "../core/demand.ts";
import { minuteOfDay } from "../core/hours.ts";
import type { Machine, MachineDriver } from "../core/machine.ts";
import type { Place } from "../core/policy.ts";
import { poolsIn } from "../core/pool.ts";
import type { Presence } from "../core/presence.ts";
import type { Reasons } from "../core/reasons.ts";
import type { AttemptId, JobId, UnixMs } from "../core/run.ts";
import type { Driver } from "../drivers/driver.ts";
import { boundary } from "../platform/boundary.ts";
import type { Clock } from "../platform/clock.ts";
import { assignAttempts, type Start, selectOpenAttempts, wantBack } from "../store/attempts.ts";
import type { Change } from "../store/changes.ts";
import { type JobRow, makeNextRuns, selectJobs, selectUnmadeJob, selectWaitingJobs } from "../store/jobs.ts";
import { renewLease } from "../store/lease.ts";
import { allowsOf, selectMachines } from "../store/machines.ts";
import { selectPools } from "../store/pools.ts";
import type { Store } from "../store/store.ts";
import { openFloor, type Seated } from "./floor.ts";
import { openQueue } from "./queue.ts";
import { openSpill } from "./spill.ts";

export interface LoopOptions {
  store: Store;
  drivers: Record<MachineDriver, Driver>;
  presence: Presence;
  reasons: Reasons;
  clock: Clock;
  epoch: number;
  /** The name under which this yard holds the lease. */
  holder: string;
  newAttemptId: (job: JobId, n: number, attempt: number) => AttemptId;
  /** At which the workers of an attempt may find each other: whether it is free shows when the first one starts. */
  newPort: () => number;
  /** A bug of ours, or a disk that fails: the loop goes on at its next turn. */
  onError: (error: unknown) => void;
  /** Another yard has taken the lead. */
  onDeposed: () => void;
}

export interface Loop {
  /** When the last turn came to its end, by the steady clock. */
  lastTurnAt(): number;
  stop(): Promise<void>;
}

/** A decision to start one of a job's runs, on its way to becoming an attempt. */
interface Seat extends Start {
  pool: string;
  demand: Demand;
  endsAt: UnixMs | null;
  /** It waits on the machine until the slot is free there. */
  inLine: boolean;
}

/** With nothing happening, the loop still turns this often: leases are renewed, silence is noticed. */
const IDLE_MS = 1000;
const RENEW_MS = 4000;
/** Between two turns in quick succession: what happens meanwhile is decided together. */
const BREATH_MS = 10;
/** Rows of a big sweep made in one go: short enough that nobody notices. */
const SLICE = 5000;
const SLICE_PAUSE_MS = 100;

export async function startLoop(options: LoopOptions): Promise<Loop> {
  const { store, drivers, presence, reasons, clock, epoch } = options;
  const driversByName = Object.entries(drivers) as [MachineDriver, Driver][];
  let floor = openFloor(() => minuteOfDay(clock.now()));
  let queue = openQueue();
  let spill = openSpill();
  const pausedPools = new Set<string>();
  const driverOf = new Map<number, MachineDriver>();
  let heard: Change[] = [];
  /** A turn broke off: what is in memory may not be what was committed. */
  let isAstray = false;
  let turning: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let lastTurnAt = clock.steady();
  let renewedAt = clock.steady();

  await load();
  const unsubscribe = store.changes.hear((changes) => {
    const news = changes.filter(({ kind }) => kind !== "run");
    if (news.length === 0) return;
    heard.push(...news);
    wake();
  });
  const idle = setInterval(wake, IDLE_MS);
  const slices = setInterval(() => void guarded(makeSlice), SLICE_PAUSE_MS);
  wake();

  /** One turn: what is decided is committed, and only then done. */
  async function turn(): Promise<void> {
    if (isAstray) await startOver();
    await absorb();
    await keepLead();
    noticeSilence();
    await clearLines();
    const seats = decide();
    tellDrivers("start", await commit([...seats, ...decideAhead(seats)]));
    await callBack();
    lastTurnAt = clock.steady();
  }

  function wake(): void {
    if (stopped) return;
    again = true;
    turning ??= turnWhileAsked();
  }

  async function turnWhileAsked(): Promise<void> {
    while (again && !stopped) {
      again = false;
      if (!(await guarded(turn))) isAstray = true;
      if (again) await new Promise((resolve) => setTimeout(resolve, BREATH_MS));
    }
    turning = null;
  }

  /** Whether it came to its end. */
  async function guarded(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      options.onError(error);
      return false;
    }
  }

  /** The store alone knows what became of a commit that failed. Machines are rung: they may have been given something. */
  async function startOver(): Promise<void> {
    floor = openFloor(() => minuteOfDay(clock.now()));
    queue = openQueue();
    spill = openSpill();
    heard = [];
    await load();
    isAstray = false;
    tellDrivers("start", new Set([...floor.machines()].map(({ id }) => id)));
  }

  async function load(): Promise<void> {
    await refreshMachines();
    await refreshPools();
    const rows = await selectWaitingJobs(store.read, null);
    queue.refresh(
      rows.map((row) => row.id),
      rows,
    );
    const open = await selectOpenAttempts(store.read, null);
    const handed = open.filter(({ machine_id }) => driverOf.get(machine_id) === "slurm");
    const jobs = await selectJobs(store.read, [...new Set(handed.map(({ job_id }) => job_id))]);
    for (const { id, job_id, status } of handed) {
      const job = jobs.find((one) => one.id === job_id);
      if (job && status !== "running") noteSpilt(id, job);
    }
    for (const row of open) {
      const seated = { attempt: row.id, slot: JSON.parse(row.slot_json), endsAt: null };
      floor.reseat(row.machine_id, seated, row.status === "running", clock.steady());
    }
  }

  /** Takes over what others have committed since the last turn. */
  async function absorb(): Promise<void> {
    const changes = heard;
    heard = [];
    const jobs = new Set<number>();
    let machines = false;
    let pools = false;
    const stops = new Set<number>();
    const asked = new Set<number>();
    const ends = changes.filter((change) => change.kind === "ended");
    for (const [machine, left] of Map.groupBy(ends, (end) => end.machine)) floor.leave(machine, left, clock.steady());
    for (const { attempt } of ends) spill.remove(attempt);
    for (const change of changes) {
      if (change.kind === "job") jobs.add(change.job);
      else if (change.kind === "machine") machines = true;
      else if (change.kind === "stop") stops.add(change.machine);
      else if (change.kind === "enquiry") asked.add(change.machine);
      else if (change.kind === "pools") pools = true;
    }
    if (machines) await refreshMachines();
    tellDrivers("stop", stops);
    tellDrivers("ask", asked);
    if (pools) await refreshPools();
    if (jobs.size > 0) queue.refresh(jobs, await selectWaitingJobs(store.read, [...jobs]));
  }

  async function refreshMachines(): Promise<void> {
    const rows = await selectMachines(store.read);
    floor.refresh(rows.map((row): Machine => ({ ...row, ...allowsOf(row), ...presence.of(row.id) })));
    floor.keepOnly(new Set(rows.map(({ id }) => id)));
    driverOf.clear();
    for (const row of rows) driverOf.set(row.id, row.driver);
    for (const [name, driver] of driversByName) driver.attend(rows.filter((row) => row.driver === name));
  }

  function tellDrivers(verb: "start" | "stop" | "ask", machines: ReadonlySet<number>): void {
    for (const [name, driver] of driversByName) {
      const its = new Set([...machines].filter((machine) => driverOf.get(machine) === name));
      if (its.size > 0) driver[verb](its);
    }
  }

  async function refreshPools(): Promise<void> {
    pausedPools.clear();
    for (const pool of await selectPools(store.read)) if (pool.paused) pausedPools.add(pool.name);
  }

  async function keepLead(): Promise<void> {
    if (clock.steady() - renewedAt < RENEW_MS) return;
    renewedAt = clock.steady();
    if (!(await store.write((db) => renewLease(db, store.dialect, options.holder)))) options.onDeposed();
  }

  function noticeSilence(): void {
    const now = clock.now();
    presence.looked(now);
    const moved = [...floor.machines()].filter((machine) => {
      const { seenAt, unreachableSince, trouble } = presence.of(machine.id);
      const isHeardAnew = seenAt !== null && machine.seenAt === null;
      return isHeardAnew || unreachableSince !== machine.unreachableSince || trouble !== machine.trouble;
    });
    floor.refresh(moved.map((machine) => ({ ...machine, ...presence.of(machine.id) })));
  }

  /** Who stands in line where runs turned out to be long goes back to the queue, and can start anywhere. */
  async function clearLines(): Promise<void> {
    const stuck = floor.stuck(clock.steady());
    if (stuck.length === 0) return;
    const called = await store.write((db) => wantBack(db, { attempts: stuck }));
    const machines = new Set(called.map((attempt) => attempt.machine_id));
    store.changes.tell([...machines].map((machine) => ({ kind: "stop", machine })));
  }

  /** Where a slot is free now that a run may have which waits in a cluster's queue, it is called back, and then starts here. */
  async function callBack(): Promise<void> {
    const wanted = spill.callBack((pool) => floor.open(unpaused(pool)));
    if (wanted.length === 0) return;
    const called = await store.write((db) => wantBack(db, { attempts: wanted }));
    spill.called(new Set(called.map(({ id }) => id)));
    tellDrivers("stop", new Set(called.map((attempt) => attempt.machine_id)));
  }

  /** Those of the pools whose queue is not paused; empty: none. */
  function unpaused(pool: string): string {
    return poolsIn(pool)
      .filter((name) => !pausedPools.has(name))
      .join();
  }

  function noteSpilt(attempt: AttemptId, { pool, demand }: Pick<JobRow, "pool" | "demand">): void {
    if (poolsIn(pool).length > 1) spill.add({ attempt, pool, demand });
  }

  function decide(): Seat[] {
    const now = clock.steady();
    const seats: Seat[] = [];
    for (const pool of queue.pools()) {
      reasons.clear(pool);
      const going = unpaused(pool);
      if (going === "") continue;
      const machines = floor.open(going);
      const waiting = (without: ReadonlySet<string>) => queue.eligible(pool, without);
      const state = { waiting, machines, closed: floor.closed(going) };
      for (const decision of backfill(state, now)) {
        if (decision.do === "start") seats.push(seatFor(decision.job, decision.workers, false));
        else {
          const row = queue.get(decision.job);
          if (row) reasons.say(pool, row.demand, decision.because);
          queue.blocked(decision.job, now);
        }
      }
    }
    for (const seat of seats) queue.took(seat.job, 1);
    return seats;
  }

  /** Where runs are short, some more than start now are given to a machine to wait in line there, in the queue's order. */
  function decideAhead(starts: readonly Seat[]): Seat[] {
    const places = starts.flatMap(({ workers }) => workers);
    const starting = Map.groupBy(places, ({ machine }) => machine);
    const seats: Seat[] = [];
    const already = new Map<number, number>();
    for (const pool of queue.pools()) {
      if (pausedPools.has(pool)) continue;
      for (const { id, demand, startable } of queue.eligible(pool, new Set())) {
        const line = standInLine(pool, id, demand, startable, starting, already);
        seats.push(...line);
        if (line.length < startable) break;
      }
    }
    for (const seat of seats) queue.took(seat.job, 1);
    return seats;
  }

  function standInLine(
    pool: string,
    job: JobId,
    demand: Demand,
    startable: number,
    starting: ReadonlyMap<number, readonly Place[]>,
    already: Map<number, number>,
  ): Seat[] {
    const seats: Seat[] = [];
    for (const { id: machine, pool: home } of floor.machines()) {
      while (home === pool && seats.length < startable) {
        const slot = floor.placeAhead(machine, demand, starting.get(machine) ?? [], already.get(machine) ?? 0);
        if (!slot) break;
        already.set(machine, (already.get(machine) ?? 0) + 1);
        seats.push(seatFor(job, [{ machine, slot }], true));
      }
    }
    return seats;
  }

  function seatFor(job: JobId, workers: readonly Place[], inLine: boolean): Seat {
    const row = queue.get(job);
    const endsAt = row?.timeLimitMs && !inLine ? clock.steady() + row.timeLimitMs : null;
    if (!row) throw new Error(`job ${job} has left the queue while its runs were placed`);
    const { pool, demand, plan } = row;
    return { job, pool, demand, workers, port: options.newPort(), snapshot: plan.snapshot, endsAt, inLine };
  }

  /** Returns the machines that have something to start. */
  async function commit(seats: Seat[]): Promise<Set<number>> {
    const machines = new Set<number>();
    if (seats.length === 0) return machines;
    const given = await store.write((db) =>
      assignAttempts(db, store.dialect, seats, epoch, options.newAttemptId, clock.now()),
    );
    boundary("yard: assigned");
    for (const [index, seat] of seats.entries()) {
      const workers = given[index] ?? [];
      // What waited was cancelled in the meantime.
      if (workers.length === 0 && !seat.inLine) {
        for (const { machine, slot } of seat.workers) floor.release(machine, slot);
      }
      for (const { id, machine, slot } of workers) {
        const seated: Seated = { attempt: id, slot, endsAt: seat.endsAt };
        if (driverOf.get(machine) === "slurm") noteSpilt(id, seat);
        if (seat.inLine) floor.queue(machine, seated, clock.steady());
        else floor.seat(machine, seated);
        machines.add(machine);
      }
    }
    store.changes.tell(given.flatMap(([first]) => (first ? [{ kind: "run", job: first.job, n: first.n }] : [])));
    return machines;
  }

  async function makeSlice(): Promise<void> {
    const job = await selectUnmadeJob(store.read);
    if (job !== null) await store.write((db) => makeNextRuns(db, store.dialect, job, SLICE));
  }

  return {
    lastTurnAt: () => lastTurnAt,
    async stop() {
      stopped = true;
      unsubscribe();
      clearInterval(idle);
      clearInterval(slices);
      await turning;
    },
  };
}
