import type { MachineLimits } from "../core/capacity.ts";
import type { Hours } from "../core/hours.ts";
import type { Login } from "../core/login.ts";
import { type Gpu, type Hardware, type MachineDriver, UNKNOWN_HARDWARE } from "../core/machine.ts";
import type { UnixMs } from "../core/run.ts";
import type { Cluster } from "../core/slurm.ts";
import type { Db } from "./dialect.ts";

export interface MachineRow {
  id: number;
  name: string;
  pool: string;
  hardware: Hardware;
  slots: string[] | null;
  drained: boolean;
  /** The agent that speaks for it now. */
  agent: string | null;
  boot_id: string | null;
  /** Where other machines reach it; null: not known. */
  address: string | null;
  /** Where the yard finds the spool's folders, or what it has fetched of them; null: nowhere. */
  spool: string | null;
  seenAt: UnixMs | null;
  driver: MachineDriver;
  /** How it is reached, behind ssh. */
  login: MachineLogin | null;
  /** Null: it is one machine. */
  cluster: Cluster | null;
  hasQueue: boolean;
}

/** A login, and what its owner says of the machine behind it. */
export interface MachineLogin extends Login {
  /** Where its spool is to lie, absolute; null: in the account's data folder. */
  spool: string | null;
  /** What it allows. Absent: everything. */
  limits?: MachineLimits | undefined;
  hours?: Hours | null | undefined;
  /** Shell text before each command. Absent: none. */
  env?: string | null | undefined;
}

/** What the owner of a machine allows of it, as the scheduler takes it. */
export function allowsOf({ login }: Pick<MachineRow, "login">): { allows?: MachineLimits & { hours: Hours | null } } {
  if (!login?.limits && !login?.hours) return {};
  return { allows: { maxRuns: null, gpus: null, ...login.limits, hours: login.hours ?? null } };
}

export async function selectMachines(db: Db): Promise<MachineRow[]> {
  const rows = await db.selectFrom("machine").selectAll().orderBy("id").execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    pool: row.pool,
    // An earlier version's agent did not say as much.
    hardware: { ...UNKNOWN_HARDWARE, ...(JSON.parse(row.hardware_json) as Partial<Hardware>) },
    slots: row.slots_json === null ? null : (JSON.parse(row.slots_json) as string[]),
    drained: row.drained === 1,
    agent: row.agent,
    boot_id: row.boot_id,
    address: row.address,
    spool: row.spool,
    seenAt: row.seen_at,
    driver: row.driver,
    login: row.login_json === null ? null : (JSON.parse(row.login_json) as MachineLogin),
    cluster: row.cluster_json === null ? null : (JSON.parse(row.cluster_json) as Cluster),
    hasQueue: row.cluster_json !== null,
  }));
}

/** What machines are called, without all that they have. */
export async function selectMachineNames(db: Db): Promise<Pick<MachineRow, "id" | "name" | "pool">[]> {
  return db.selectFrom("machine").select(["id", "name", "pool"]).orderBy("id").execute();
}

/** Makes the machine known; one that is known keeps its hardware, slots and history. False: it was known. */
export async function ensureMachine(
  db: Db,
  name: string,
  pool: string,
  login: MachineLogin | null = null,
  cluster: Cluster | null = null,
): Promise<boolean> {
  const made = await db
    .insertInto("machine")
    .values({
      name,
      pool,
      hardware_json: JSON.stringify(UNKNOWN_HARDWARE),
      slots_json: null,
      drained: 0,
      agent: null,
      boot_id: null,
      host: null,
      address: null,
      spool: null,
      seen_at: null,
      driver: cluster !== null ? "slurm" : login !== null ? "ssh" : "agent",
      login_json: login && JSON.stringify(login),
      cluster_json: cluster && JSON.stringify(cluster),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return made.numInsertedOrUpdatedRows === 1n;
}

/** Forgets a machine. What it has run is still told of, without its name. */
export async function deleteMachine(db: Db, machine: number): Promise<void> {
  await db.deleteFrom("machine").where("id", "=", machine).execute();
}

/** What is known of a machine when someone begins to speak for it. */
export interface Introduction {
  /** Who speaks for it. */
  agent: string;
  hardware: Hardware;
  bootId: string;
  host: string;
  /** Where other machines reach it. */
  address: string;
  spool: string;
}

/** From now on `agent` speaks for the machine; whoever did before is superseded. */
export async function introduceAgent(db: Db, machine: string, hello: Introduction, now: UnixMs): Promise<void> {
  await db
    .updateTable("machine")
    .set({
      agent: hello.agent,
      hardware_json: JSON.stringify(hello.hardware),
      boot_id: hello.bootId,
      host: hello.host,
      address: hello.address,
      spool: hello.spool,
      seen_at: now,
    })
    .where("name", "=", machine)
    .execute();
}

/** Asked in the transaction that takes an agent's word: whoever took the machine over has been told how it stood before. */
export async function isSpokenForBy(db: Db, machine: number, agent: string): Promise<boolean> {
  const row = await db.selectFrom("machine").select("agent").where("id", "=", machine).executeTakeFirst();
  return row?.agent === agent;
}

/** The GPUs of a machine as they were last seen. */
export interface Look {
  seenAt: UnixMs;
  gpus: readonly Gpu[];
}

/** Null: its GPUs were never seen. */
export async function selectLastLook(db: Db, machine: number): Promise<Look | null> {
  const row = await db
    .selectFrom("machine")
    .select(["hardware_json", "seen_at"])
    .where("id", "=", machine)
    .executeTakeFirst();
  if (!row || row.seen_at === null) return null;
  return { seenAt: row.seen_at, gpus: (JSON.parse(row.hardware_json) as Partial<Hardware>).gpus ?? [] };
}

/** @param seenAt  null: it was not heard; what was known of it has changed all the same */
export async function updateHardware(
  db: Db,
  machine: number,
  hardware: Hardware,
  seenAt: UnixMs | null,
): Promise<void> {
  await db
    .updateTable("machine")
    .set({ hardware_json: JSON.stringify(hardware), ...(seenAt !== null && { seen_at: seenAt }) })
    .where("id", "=", machine)
    .execute();
}

/** Explicit slots as they stand now, for whoever changes them by what they were; undefined: there is no such machine. */
export async function selectSlots(db: Db, name: string): Promise<string[] | null | undefined> {
  const row = await db.selectFrom("machine").select("slots_json").where("name", "=", name).executeTakeFirst();
  return row && (row.slots_json === null ? null : (JSON.parse(row.slots_json) as string[]));
}

/** Null slots go back to counting GPUs and cores. */
export async function setMachine(
  db: Db,
  name: string,
  changes: { slots?: string[] | null; drained?: boolean; login?: MachineLogin },
): Promise<void> {
  const set = {
    ...(changes.slots !== undefined && { slots_json: changes.slots === null ? null : JSON.stringify(changes.slots) }),
    ...(changes.login !== undefined && { login_json: JSON.stringify(changes.login) }),
    ...(changes.drained !== undefined && { drained: changes.drained ? 1 : 0 }),
  };
  if (Object.keys(set).length > 0) await db.updateTable("machine").set(set).where("name", "=", name).execute();
}
