import { type Hardware, UNKNOWN_HARDWARE } from "../core/machine.ts";
import type { UnixMs } from "../core/run.ts";
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
  spool: string | null;
  seenAt: UnixMs | null;
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
    spool: row.spool,
    seenAt: row.seen_at,
  }));
}

/** Makes the machine known; one that is known keeps its hardware, slots and history. */
export async function ensureMachine(db: Db, name: string, pool: string): Promise<void> {
  await db
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
      spool: null,
      seen_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** From now on `agent` speaks for the machine; whoever did before is superseded. */
export async function introduceAgent(
  db: Db,
  machine: string,
  hello: { agent: string; hardware: Hardware; bootId: string; host: string; spool: string },
  now: UnixMs,
): Promise<void> {
  await db
    .updateTable("machine")
    .set({
      agent: hello.agent,
      hardware_json: JSON.stringify(hello.hardware),
      boot_id: hello.bootId,
      host: hello.host,
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

export async function updateHardware(db: Db, machine: number, hardware: Hardware, now: UnixMs): Promise<void> {
  await db
    .updateTable("machine")
    .set({ hardware_json: JSON.stringify(hardware), seen_at: now })
    .where("id", "=", machine)
    .execute();
}

/** Null slots go back to counting GPUs and cores. */
export async function setMachine(
  db: Db,
  name: string,
  changes: { slots?: string[] | null; drained?: boolean },
): Promise<void> {
  const set = {
    ...(changes.slots !== undefined && { slots_json: changes.slots === null ? null : JSON.stringify(changes.slots) }),
    ...(changes.drained !== undefined && { drained: changes.drained ? 1 : 0 }),
  };
  if (Object.keys(set).length > 0) await db.updateTable("machine").set(set).where("name", "=", name).execute();
}
