import { mostWorkersOf, type Slot } from "../core/demand.ts";
import { minuteOfDay } from "../core/hours.ts";
import type { Machine, MachineDriver } from "../core/machine.ts";
import type { Outlook } from "../core/outlook.ts";
import { poolsIn } from "../core/pool.ts";
import type { Presence } from "../core/presence.ts";
import type { Reasons } from "../core/reasons.ts";
import type { AttemptId, JobId, SteadyMs } from "../core/run.ts";
import type { Driver } from "../drivers/driver.ts";
import { boundary } from "../platform/boundary.ts";
import type { Clock } from "../platform/clock.ts";
import {
  type AttemptRow,
  assignAttempts,
  type NewAttempt,
  type Start,
  selectOpenAttempts,
  selectServed,
  wantBack,
  wantStops,
} from "../store/attempts.ts";
import type { Change } from "../store/changes.ts";
import { type JobRow, makeNextRuns, selectJobs, selectUnmadeJob, selectWaitingJobs } from "../store/jobs.ts";
import { renewLease } from "../store/lease.ts";
import { allowsOf, selectMachines } from "../store/machines.ts";
import { selectPools } from "../store/pools.ts";
import { selectGoingOn } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { decide, decideAhead, type Seat, type Stop } from "./deals.ts";
import { openFloor, type Seated } from "./floor.ts";
import { openForecast } from "./forecast.ts";
import { openGoverning } from "./governing.ts";
import { openQueue } from "./queue.ts";
import { openQuotas } from "./quotas.ts";
import { openResizing } from "./resizing.ts";
import { openSpill } from "./spill.ts";

export interface LoopOptions {
  store: Store;
  drivers: Record<MachineDriver, Driver>;
  presence: Presence;
  reasons: Reasons;
  outlook: Outlook;
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

/** With nothing happening, the loop still turns this often: leases are renewed, silence is noticed. */
const IDLE_MS = 1000;
const RENEW_MS = 4000;
/** Between two turns in quick succession: what happens meanwhile is decided together. */
const BREATH_MS = 10;
const FORECAST_MS = 3000;
/** For a run that makes room to save its state. */
const MAKE_ROOM_GRACE_MS = 60_000;
/** Rows of a big sweep made in one go: short enough that nobody notices. */
const SLICE = 5000;
const SLICE_PAUSE_MS = 100;

export async function startLoop(options: LoopOptions): Promise<Loop> {
  const { store, drivers, presence, reasons, clock, epoch } = options;
  const driversByName = Object.entries(drivers) as [MachineDriver, Driver][];
  let floor = openFloor(() => minuteOfDay(clock.now()));
  const governing = openGoverning();
  const forecast = openForecast(store, options.outlook, clock);
  const quotas = openQuotas(store, governing, clock);
  let forecastAt = Number.NEGATIVE_INFINITY;
  let queue = openQueue(governing.open, options.outlook.speed);
  let resizing = openResizing();
  let spill = openSpill();
  const driverOf = new Map<number, MachineDriver>();
  let heard: Change[] = [];
  /** A turn broke off: what is in memory may not be what was committed. */
  let isAstray = false;
  let turning: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  let lastTurnAt = clock.steady();
  let renewedAt = clock.steady();
  let appointment: NodeJS.Timeout | undefined;

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
    await lookAhead();
    const now = clock.steady();
    resizing.settle(queue, floor, now);
    const { seats, stops, resizes } = decide(queue, floor, reasons, unpaused, now);
    const ahead = decideAhead(queue, floor, seats, governing.isPaused, now);
    tellDrivers("start", await commit([...seats, ...ahead], now));
    resizing.begin(resizes, floor);
    await makeRoom([...stops, ...resizes.map(({ run }) => ({ run, order: 0 }))]);
    // Of elastic runs the next one starts once it is known what the one before has got.
    if (seats.some(({ run }) => run.elastic)) wake();
    await callBack();
    lastTurnAt = clock.steady();
    wakeBefore(1000 * queue.nextAt());
  }

  function wake(): void {
    if (stopped) return;
    again = true;
    turning ??= turnWhileAsked();
  }

  /** Where a policy wants to be asked again sooner than the loop would turn by itself. */
  function wakeBefore(at: SteadyMs): void {
    clearTimeout(appointment);
    const inMs = at - clock.steady();
    if (inMs < IDLE_MS) appointment = setTimeout(wake, Math.max(BREATH_MS, Math.ceil(inMs)));
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
    queue = openQueue(governing.open, options.outlook.speed);
    resizing = openResizing();
    spill = openSpill();
    heard = [];
    await load();
    isAstray = false;
    tellDrivers("start", new Set([...floor.machines()].map(({ id }) => id)));
  }

  async function load(): Promise<void> {
    await refreshMachines();
    await refreshPools();
    const rows = await selectWaitingJobs(store.read);
    await refreshQueue(
      rows.map((row) => row.id),
      rows,
    );
    const open = await selectOpenAttempts(store.read, null);
    const served = await selectServed(store.read);
    const jobs = await selectJobs(store.read, [...new Set(open.map(({ job_id }) => job_id))]);
    const jobOf = new Map(jobs.map((job) => [job.id, job]));
    const seats = open.map((row) => ({ row, slot: JSON.parse(row.slot_json) as Slot }));
    for (const { row, slot } of seats) {
      const seated = { attempt: row.id, slot, endsAt: null };
      floor.reseat(row.machine_id, seated, row.status === "running", clock.steady());
    }
    for (const [leader, workers] of Map.groupBy(seats, ({ row }) => row.leader_id ?? row.id)) {
      const job = jobOf.get(workers[0]?.row.job_id as JobId);
      if (job) holdAgain(job, workers, served.get(leader) ?? 0);
    }
  }

  /** An attempt found in the store has its place, as far as the policy is concerned. */
  function holdAgain(job: JobRow, workers: readonly { row: AttemptRow; slot: Slot }[], servedMs: number): void {
    const row = workers[0]?.row;
    if (!row) return;
    const seats = workers.map(({ row, slot }) => ({ attempt: row.id, machine: row.machine_id, slot }));
    if (driverOf.get(row.machine_id) === "slurm" && row.status !== "running") noteSpilt(row.id, job);
    const ranMs = row.started_at === null ? 0 : Math.max(0, clock.now() - row.started_at);
    const servedSeconds = (servedMs + ranMs) / 1000;
    queue.hold({ job, n: row.n, seats, servedSeconds, isLeaving: row.stop_reason !== null }, clock.steady() / 1000);
  }

  async function refreshQueue(jobs: readonly JobId[], rows: readonly JobRow[]): Promise<void> {
    const resumable = rows.filter((row) => row.resumable).map(({ id }) => id);
    queue.refresh(jobs, rows, await selectGoingOn(store.read, resumable), clock.steady() / 1000);
  }

  /** Takes over what others have committed since the last turn. */
  async function absorb(): Promise<void> {
    const changes = heard;
    heard = [];
    const jobs = new Set<JobId>();
    let machines = false;
    let pools = false;
    const stops = new Set<number>();
    const asked = new Set<number>();
    const ends = changes.filter((change) => change.kind === "ended");
    for (const [machine, left] of Map.groupBy(ends, (end) => end.machine)) floor.leave(machine, left, clock.steady());
    for (const { attempt } of ends) {
      spill.remove(attempt);
      const held = queue.leave(attempt, clock.steady() / 1000);
      if (held) quotas.left(held);
    }
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
    if (jobs.size > 0) await refreshQueue([...jobs], await selectJobs(store.read, [...jobs]));
  }

  async function refreshMachines(): Promise<void> {
    const rows = await selectMachines(store.read);
    floor.refresh(rows.map((row): Machine => ({ ...row, ...allowsOf(row), ...presence.of(row.id) })));
    floor.keepOnly(new Set(rows.map(({ id }) => id)));
    governing.measure(floor.machines());
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
    if (governing.refresh(await selectPools(store.read))) queue.govern(governing.open, clock.steady() / 1000);
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
    // Who watches hears of silence from nobody else.
    store.changes.tell(moved.map(({ id }) => ({ kind: "machine", machine: id })));
  }

  /** How long what runs still takes, for policies and for people. */
  async function lookAhead(): Promise<void> {
    if (clock.steady() - forecastAt < FORECAST_MS) return;
    forecastAt = clock.steady();
    await forecast.look(queue.waiting());
    queue.learn(options.outlook, clock.steady() / 1000);
    await quotas.look(queue);
  }

  /** Who stands in line where runs turned out to be long goes back to the queue, and can start anywhere. */
  async function clearLines(): Promise<void> {
    const stuck = floor.stuck(clock.steady());
    if (stuck.length === 0) return;
    const called = await store.write((db) => wantBack(db, { attempts: stuck }));
    tellStops(called);
  }

  /** Whoever speaks to these machines hears of it, the next turn of this loop among them. */
  function tellStops(attempts: readonly { machine_id: number }[]): void {
    const machines = new Set(attempts.map((attempt) => attempt.machine_id));
    store.changes.tell([...machines].map((machine) => ({ kind: "stop", machine })));
  }

  /** Where a slot is free now that a run may have which waits in a cluster's queue, it is called back, and then starts here. */
  async function callBack(): Promise<void> {
    const wanted = spill.callBack((pool) => floor.open(unpaused(pool)));
    if (wanted.length === 0) return;
    const called = await store.write((db) => wantBack(db, { attempts: wanted }));
    spill.called(new Set(called.map(({ id }) => id)));
    tellStops(called);
  }

  /** Those of the pools whose queue is not paused; empty: none. */
  function unpaused(pool: string): string {
    return poolsIn(pool)
      .filter((name) => !governing.isPaused(name))
      .join();
  }

  /** Runs that are asked to make room for others; their places are free when they have saved their state and gone. */
  async function makeRoom(wanted: readonly Stop[]): Promise<void> {
    const spans = wanted.flatMap(({ run: { job, n } }) => (n === null ? [] : [{ job, range: { first: n, last: n } }]));
    if (spans.length === 0) return;
    const stops = await store.write((db) => wantStops(db, spans, "preempted", MAKE_ROOM_GRACE_MS));
    for (const { run, order } of wanted) queue.asked(run, order);
    tellStops(stops);
  }

  function noteSpilt(attempt: AttemptId, { pool, demand }: Pick<JobRow, "pool" | "demand">): void {
    if (poolsIn(pool).length > 1) spill.add({ attempt, pool, demand });
  }

  function startOf({ row, run, workers }: Seat): Start {
    const { id: job, resumable, plan, demand } = row;
    const port = mostWorkersOf(demand) > 1 ? options.newPort() : null;
    return { job, n: run.n, resumable, workers, port, snapshot: plan.snapshot };
  }

  /** Returns the machines that have something to start. */
  async function commit(seats: readonly Seat[], now: SteadyMs): Promise<Set<number>> {
    const machines = new Set<number>();
    if (seats.length === 0) return machines;
    const given = await store.write((db) =>
      assignAttempts(db, store.dialect, seats.map(startOf), epoch, options.newAttemptId, clock.now()),
    );
    boundary("yard: assigned");
    for (const [index, seat] of seats.entries()) {
      const workers = given[index] ?? [];
      // What waited was cancelled in the meantime.
      if (workers.length === 0 && !seat.inLine) {
        for (const { machine, slot } of seat.workers) floor.release(machine, slot);
      }
      hold(seat, workers, now);
      for (const { id, machine, slot } of workers) {
        const seated: Seated = { attempt: id, slot, endsAt: seat.endsAt };
        if (driverOf.get(machine) === "slurm") noteSpilt(id, seat.row);
        if (seat.inLine) floor.queue(machine, seated, clock.steady());
        else floor.seat(machine, seated);
        machines.add(machine);
      }
    }
    store.changes.tell(given.flatMap(([first]) => (first ? [{ kind: "run", job: first.job, n: first.n }] : [])));
    return machines;
  }

  function hold({ row: job, run, order }: Seat, workers: readonly NewAttempt[], now: SteadyMs): void {
    const [first] = workers;
    if (!first) return;
    const seats = workers.map(({ id, machine, slot }) => ({ attempt: id, machine, slot }));
    const servedSeconds = Math.max(first.servedMs / 1000, run.servedSeconds);
    const held = { job, n: first.n, seats, servedSeconds, isLeaving: false };
    queue.hold(held, now / 1000, order);
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
      clearTimeout(appointment);
      await turning;
    },
  };
}
