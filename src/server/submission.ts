import { accessSync, closeSync, constants, lstatSync, openSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";
import type { Submission } from "../api/job.ts";
import type { Command } from "../core/command.ts";
import { type Demand, mostWorkersOf, workersOf } from "../core/demand.ts";
import { isRefused, type Refused, refuse } from "../core/failure.ts";
import { openLedger } from "../core/ledger.ts";
import type { Machine } from "../core/machine.ts";
import { poolsIn } from "../core/pool.ts";
import { formatBytes } from "../core/quantity.ts";
import { shellQuote } from "../core/shell_quote.ts";
import type { SlurmPlan } from "../core/slurm.ts";
import { describeSpaceProblem, isSpaceRefused } from "../core/space_problem.ts";
import { compileWork, type Work } from "../core/work.ts";
import { describeFileProblem } from "../files/problem.ts";
import { boundary } from "../platform/boundary.ts";
import { systemErrorCode, systemErrorText } from "../platform/system_error.ts";
import { insertAudit } from "../store/audit.ts";
import { settleDependants } from "../store/dependencies.ts";
import { insertJob, type JobRow, type NewJob, selectJobs } from "../store/jobs.ts";
import { allowsOf, selectMachines } from "../store/machines.ts";
import { selectPools } from "../store/pools.ts";
import { skipRuns } from "../store/runs.ts";
import type { Principal } from "./auth.ts";
import { capacities } from "./capacities.ts";
import { checkSnapshot } from "./check_snapshot.ts";
import { checkWords } from "./check_words.ts";
import { knownCluster } from "./known_cluster.ts";
import { keepWishes } from "./notice_wishes.ts";
import { slurmAsBefore } from "./slurm_as_before.ts";
import { type Complete, completed } from "./without_terminal.ts";
import type { Yard } from "./yard.ts";

/** A job that nothing speaks against, ready to be queued. */
export interface ReadyJob {
  job: NewJob;
  skip: readonly number[];
}

/**
 * Checks a submission whole, and queues nothing.
 *
 * @param seenBy  until when a machine that was never seen is waited for, before the demand is judged without it; steady ms
 */
export async function prepareJob(
  yard: Yard,
  sent: Submission,
  who: Principal,
  seenBy: number,
): Promise<ReadyJob | Refused> {
  const slurm = sent.slurm ?? (await slurmAsBefore(yard, sent.pool, who.user));
  const cluster = slurm && (await knownCluster(yard, sent.pool, slurm, who));
  if (cluster !== null && isRefused(cluster)) return cluster;
  const whole = await completed(yard, { ...sent, slurm });
  if (isRefused(whole)) return whole;
  const body = cluster === null ? whole : { ...whole, demand: { ...whole.demand, cluster } };
  const work = workFrom(body);
  const compiled = compileWork(work);
  if (isSpaceRefused(compiled)) return refuse({ code: "space", detail: describeSpaceProblem(compiled.problem) });
  const objection =
    (await checkDisk(yard)) ??
    checkWords(work) ??
    (await checkPools(yard, body, who.user, seenBy)) ??
    (await checkRoom(yard, body)) ??
    (await checkAfter(yard, body)) ??
    (await checkSnapshot(yard, body.snapshot)) ??
    checkOut(body.out, compiled.total) ??
    checkArray(body.slurm?.array ?? null, compiled.total);
  if (objection) return objection;
  const notify = await keepWishes(yard, body.notify, who.user);
  if (isRefused(notify)) return notify;
  const environment = await yard.files.environments.put(body.environment);
  if (!environment.ok) return refuse({ code: "bad_request", detail: describeFileProblem(environment.problem) });
  const job = { ...newJob(body, work, compiled.total, environment.value, who.user), notify };
  return { job, skip: body.skip };
}

/** Queues the jobs, all or none, and answers their ids in the same order. */
export async function keepJobs(
  yard: Yard,
  ready: readonly ReadyJob[],
  user: string,
): Promise<JobRow["id"][] | Refused> {
  const { store } = yard;
  const reserved: string[] = [];
  const giveBack = () => {
    for (const path of reserved) unlinkSync(path);
  };
  for (const { job } of ready) {
    const { out } = job.plan;
    const taken = out === null ? null : reserveOut(out);
    if (taken) {
      giveBack();
      return taken;
    }
    if (out !== null) reserved.push(out);
  }
  const now = yard.clock.now();
  try {
    const ids = await store.write(async (db) => {
      const ids: JobRow["id"][] = [];
      for (const { job, skip } of ready) {
        const id = await insertJob(db, store.dialect, job, now);
        await skipRuns(db, store.dialect, id, [...skip], now);
        await settleDependants(db, job.after.map((after) => after.job) as JobRow["id"][], now);
        const detail = { runs: job.total };
        await insertAudit(db, { at: now, user, action: "submit", target: `${id}`, detail });
        ids.push(id);
      }
      return ids;
    });
    boundary("yard: submitted");
    store.changes.tell(ids.map((id) => ({ kind: "job", job: id })));
    return ids;
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** Of jobs that come together: which of them could not have their output files, by their places among them, and why. */
export function clashingOuts(outs: readonly (string | null)[]): { at: number; refused: Refused["refused"] }[] {
  const seen = new Set<string>();
  return outs.flatMap((out, at) => {
    if (out === null) return [];
    const why = seen.has(out) ? "another one of these jobs has it" : whyNoOut(out);
    seen.add(out);
    return why === null ? [] : [{ at, ...badOut(out, why) }];
  });
}

function workFrom(body: Complete): Work {
  if (body.work.kind === "lines") return { kind: "lines", lines: body.work.lines };
  return { kind: "command", command: body.work.command, spaces: [body.work.space] };
}

/** With the cluster that it may go to. */
type Placed = Omit<Complete, "demand"> & { demand: Demand };

function newJob(body: Placed, work: Work, total: number, environment: string, user: string): NewJob {
  const { cwd, named, umask, limits, out, snapshot, commit } = body;
  return {
    name: body.name ?? nameOf(work),
    user,
    pool: body.pool,
    priority: body.priority,
    paused: body.paused,
    work,
    total,
    demand: body.demand,
    plan: {
      cwd,
      environment,
      named,
      umask,
      limits,
      out,
      snapshot,
      commit,
      ...(body.outputs.length > 0 && { outputs: body.outputs }),
      ...(body.keep && { keep: true }),
      ...(body.results && { results: body.results }),
      ...(body.slurm && { slurm: planOf(body.slurm) }),
    },
    tags: body.tags,
    retries: body.retries,
    timeLimitMs: body.timeLimitMs,
    expectedMs: body.expectedMs,
    atMost: body.atMost,
    resumable: body.resumable,
    after: body.after,
  };
}

/** Where the cluster is, its machine's row says. */
function planOf({ resources, options, env, array }: NonNullable<Submission["slurm"]>): SlurmPlan {
  return { resources, options, env, array };
}

/** Its command on one line, for people: line breaks in it are spaces. */
function nameOf(work: Work): string {
  if (work.kind === "lines" && work.lines.length > 1) return `${work.lines.length} commands`;
  const line = work.kind === "lines" ? (work.lines[0]?.[1] ?? "") : shownCommand(work.command);
  const name = line.replace(/\s*[\x00-\x1f\x7f]\s*/g, " ").trim();
  return name.length > 60 ? `${name.slice(0, 59)}…` : name;
}

function shownCommand(command: Command): string {
  return command.kind === "shell" ? command.text : command.argv.map(shellQuote).join(" ");
}

async function checkDisk(yard: Yard): Promise<Refused | null> {
  const free = await yard.files.freeBytes();
  if (!free.ok || free.value >= yard.floorBytes) return null;
  return refuse({ code: "disk_full", freeBytes: free.value, floorBytes: yard.floorBytes });
}

async function checkAfter(yard: Yard, body: Complete): Promise<Refused | null> {
  const ids = body.after.map((after) => after.job);
  const found = new Set<number>((await selectJobs(yard.store.read, ids)).map((job) => job.id));
  const missing = ids.find((id) => !found.has(id));
  return missing === undefined ? null : refuse({ code: "after_missing", job: missing });
}

/** Whether the pools exist and one of their machines could ever hold such a run, as far as they have been seen. */
async function checkPools(yard: Yard, body: Placed, user: string, seenBy: number): Promise<Refused | null> {
  const pools = await selectPools(yard.store.read);
  for (const named of poolsIn(body.pool)) {
    const pool = pools.find(({ name }) => name === named);
    if (!pool) return refuse({ code: "pool_missing", pool: named, known: pools.map(({ name }) => name) });
    if (pool.owner !== user && !pool.shared) return refuse({ code: "not_shared", pool: pool.name, owner: pool.owner });
    if (pool.driver === "slurm" && !body.slurm)
      return refuse({
        code: "bad_request",
        detail: `Pool ${named} is Slurm's, and the job does not say how it is submitted there. Submit one with the command line (--on ${named}): the next ones go as that did. Or send slurm along.`,
      });
  }
  const { demand } = body;
  const asked = workersOf(demand);
  if (mostWorkersOf(demand) > asked && (body.slurm || !body.resumable))
    return refuse({
      code: "bad_request",
      detail:
        "demand.mostWorkers is for resumable jobs, outside of Slurm: for another number of workers a run is stopped and started again.",
    });
  if (!demand.gpus && !demand.gpuKind && !demand.cpus && !demand.memoryBytes && asked === 1) return null;
  const machines = await machinesOf(yard, body.pool, seenBy);
  const isUnknown = machines.some((machine) => machine.hardware.cpus === 0 && !machine.hasQueue);
  const able = machines.reduce((sum, machine) => sum + openLedger(machine).couldEverHold(demand), 0);
  if (isUnknown || able >= asked) return null;
  const largest =
    machines.map((machine) => describeSize(machine, demand)).join("; ") || `pool ${body.pool} has no machine`;
  return refuse({ code: "can_never_run", asked: demand, largest });
}

/** Whether one of the machines has room now, as far as all of them have answered and take runs at this hour. */
async function checkRoom(yard: Yard, { pool, demand, unlessFull }: Complete): Promise<Refused | null> {
  const { need } = demand;
  if (!unlessFull || !need) return null;
  const looks = (await capacities(yard, pool, demand)).map(({ capacity, ...look }) => ({
    ...look,
    capacity: capacity(),
  }));
  const isFull = looks.every(({ isOpen, capacity }) => isOpen && capacity.placements.length === 0);
  if (!isFull || looks.length === 0) return null;
  return refuse({
    code: "no_room",
    machines: looks.map(({ name, capacity }) => ({ name, because: capacity.because })),
  });
}

async function machinesOf(yard: Yard, pool: string, seenBy: number): Promise<Machine[]> {
  for (;;) {
    const rows = (await selectMachines(yard.store.read)).filter((row) => poolsIn(pool).includes(row.pool));
    const machines = rows.map((row) => ({ ...row, ...allowsOf(row), ...yard.presence.of(row.id) }));
    if (machines.every((machine) => machine.hardware.cpus > 0 || machine.hasQueue) || yard.clock.steady() > seenBy)
      return machines;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What the machine has; where certain GPUs are asked for, with what its own are called. */
function describeSize({ name, hardware, slots, hasQueue }: Machine, { gpuKind }: Demand): string {
  if (hasQueue) return `${name} is a cluster`;
  const memory = (hardware.memoryBytes / 1024 ** 3).toFixed(1);
  const rest = `${hardware.cpus} core${hardware.cpus === 1 ? "" : "s"} and ${memory} GB memory`;
  const kinds = Map.groupBy(
    hardware.gpus,
    (gpu) => `${gpu.name}${gpu.memoryBytes === null ? "" : `, ${formatBytes(gpu.memoryBytes)}`}`,
  );
  const named =
    gpuKind && kinds.size > 0 ? ` (${[...kinds].map(([kind, { length }]) => `${length} × ${kind}`).join("; ")})` : "";
  if (slots) return `${name} has the slots ${slots.map((slot) => `'${slot}'`).join(" ")}${named}, ${rest}`;
  const gpus = hardware.gpus.length;
  return `${name} has ${gpus === 0 ? "no GPU" : `${gpus} GPU${gpus === 1 ? "" : "s"}${named}`}, ${rest}`;
}

function checkOut(path: string | null, runs: number): Refused | null {
  if (path === null || runs === 1) return null;
  const detail = `--out names one file, and this job has ${runs} runs. Leave it out and see: runyard logs`;
  return refuse({ code: "bad_request", detail });
}

function checkArray(array: readonly number[] | null, runs: number): Refused | null {
  if (array === null || (array.length === runs && new Set(array).size === runs)) return null;
  return refuse({ code: "bad_request", detail: "slurm.array has to name one number for each run, each once." });
}

/** The file is made now, so that of two jobs that want it one gets it, and nobody else's is ever overwritten. */
function reserveOut(path: string): Refused | null {
  try {
    closeSync(openSync(path, "wx", 0o666));
    return null;
  } catch (error) {
    return badOut(path, outProblems[systemErrorCode(error) ?? ""] ?? systemErrorText(error));
  }
}

/** As far as can be told without making the file. Null: nothing speaks against it. */
function whyNoOut(path: string): string | null {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    return outProblems[systemErrorCode(error) ?? ""] ?? systemErrorText(error);
  }
  return lstatSync(path, { throwIfNoEntry: false }) ? THERE_ALREADY : null;
}

function badOut(path: string, why: string): Refused {
  const detail = `The output file ${path} must be new and writable: ${why}. Choose another --out.`;
  return refuse({ code: "bad_request", detail });
}

const THERE_ALREADY = "something of that name is there already";
const outProblems: Record<string, string> = {
  EEXIST: THERE_ALREADY,
  ENOENT: "the folder that it would lie in does not exist",
  ENOTDIR: "the folder that it would lie in does not exist",
};
